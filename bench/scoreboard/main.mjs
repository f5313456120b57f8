/*
 * The scoreboard: one command that measures this product beside what it is built on and beside its peers, all in one run on
 * one machine, one system at a time, alternating, and writes docs/performance/<date>-<commit>.{md,json,svg}.
 *
 *   npm run build && npm run scoreboard
 *   npm run scoreboard -- --only chain-40,drain --systems flow,bullmq,ours     (writes only what it measured)
 *   npm run scoreboard -- --short                                             (a minute or so, a table, no files)
 *
 * Ends with 1 only when a task was not executed exactly once, or is not stored as it should be: never for a figure.
 * docs/performance/README.md says how to read it and what is fair in it.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Accounts } from './accounts.mjs';
import { describeRun } from './machine.mjs';
import { readOptions } from './options.mjs';
import { installPeers } from './peers.mjs';
import { plot } from './plot.mjs';
import { report, summary } from './report.mjs';
import { startServers } from './servers.mjs';
import { startSystem, SYSTEMS } from './systems.mjs';
import { WORKLOADS } from './workloads.mjs';

const PROJECT = resolve(import.meta.dirname, '../..');
const options = readOptions(process.argv.slice(2), process.env);
const say = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

/** The workloads of this run, each with its size and those of its systems that were asked for and can be had. */
function chosen(havePeers) {
  const isWanted = ({ name, peer }) =>
    (options.systems?.includes(name) ?? true) && (peer === undefined || havePeers);
  const names = SYSTEMS.filter(isWanted).map(({ name }) => name);
  return WORKLOADS.filter(({ id }) => options.only?.includes(id) ?? true)
    .map((workload) => ({
      ...workload,
      size: options.short ? workload.short : workload.long,
      systems: workload.systems.filter((name) => names.includes(name)),
    }))
    .filter(({ size, systems }) => size !== null && systems.length > 0);
}

/** The size as the system's process gets it. Rounds that do not count need not take the full time. */
function sizeFor({ kind, size }, name, isWarm) {
  const seconds = { drain: options.drainSeconds, rate: options.rungSeconds }[kind];
  const samples = size.samplesOf?.[name] ?? size.samples;
  return { ...size, samples, ...(seconds ? { seconds: isWarm ? Math.min(seconds, 2) : seconds } : {}) };
}

/** One system's turn: runs, is charged, is checked. What goes wrong is part of the answer. */
async function turn(running, accounts, workload, name, isWarm) {
  const system = running.get(name);
  try {
    const before = await accounts.snapshot();
    const sample = await system.run(workload.kind, sizeFor(workload, name, isWarm));
    const after = await accounts.snapshot();
    const { faults } = await system.check();
    return { sample, writes: after.writes - before.writes, wal: after.wal - before.wal, faults };
  } catch (error) {
    return { error: error.message };
  }
}

async function measure(running, accounts, workload, results) {
  const names = workload.systems.filter((name) => running.has(name));
  const round = async (number) => {
    const turns = {};
    // Each round another system begins.
    for (let i = 0; i < names.length; i += 1) {
      const name = names[(i + number + options.warmRounds) % names.length];
      const result = await turn(running, accounts, workload, name, number < 0);
      turns[name] = result;
      results.turns.push({ workload: workload.id, system: name, round: number, ...result });
      const figure =
        result.error ?? `${result.sample[workload.headline].toFixed(workload.digits)} ${workload.unit}`;
      const faults = result.faults?.length ? ` FAULTS: ${result.faults.join('; ')}` : '';
      say(
        `${workload.id} ${number < 0 ? 'warming up' : `${number + 1}/${options.repeats}`} ${name}: ${figure}${faults}`,
      );
      // It does not get another turn: what it was doing may still go on.
      if (result.error) await abandon(running, names, name);
    }
    return turns;
  };
  for (let number = -options.warmRounds; number < options.repeats; number += 1) {
    if (number === -1 && !options.short)
      results.commits[workload.id] = await accounts.commitsPerTask(() => round(number));
    else await round(number);
  }
}

async function abandon(running, names, name) {
  const system = running.get(name);
  running.delete(name);
  names.splice(names.indexOf(name), 1);
  await system.stop();
}

if (!existsSync(join(PROJECT, 'dist/main.js'))) throw new Error('No dist/main.js: npm run build first');
const havePeers = installPeers();
if (!havePeers) say('The peers could not be installed: measured without them');
const workloads = chosen(havePeers);
const needed = SYSTEMS.filter(({ name }) => workloads.some(({ systems }) => systems.includes(name)));
const results = { run: null, idle: null, turns: [], commits: {} };
const servers = await startServers();
const running = new Map();
let stopped = null;
const stop = () =>
  (stopped ??= (async () => {
    await Promise.all([...running.values()].map((system) => system.stop()));
    await servers.stop();
  })());
process.once('SIGINT', () => void stop().finally(() => process.exit(130)));
process.once('SIGTERM', () => void stop().finally(() => process.exit(143)));
try {
  results.run = await describeRun(PROJECT, servers, options, workloads);
  for (const system of needed) {
    say(`starting ${system.name}`);
    const postgresUrl = system.database ? await servers.databaseOf(system.name) : null;
    running.set(system.name, await startSystem(system, { postgresUrl, redisUrl: servers.redisUrl }));
  }
  const accounts = new Accounts(servers.client);
  if (!options.short) {
    say('what the systems commit when idle');
    results.idle = await accounts.measureIdle(async () => {
      for (const system of running.values()) await system.run('nothing', {});
    });
  }
  for (const workload of workloads) await measure(running, accounts, workload, results);
} finally {
  await stop();
}

console.log(summary(workloads, results));
if (!options.short) {
  const folder = resolve(PROJECT, options.out);
  mkdirSync(folder, { recursive: true });
  const name = `${results.run.date}-${results.run.commit}`;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(folder, `${name}.svg`), plot(workloads, results));
  writeFileSync(join(folder, `${name}.md`), report(workloads, results, name));
  say(`wrote ${join(options.out, name)}.md, .json and .svg`);
}
// An error of a peer is told in the report; a wrong result of anybody, or an error of ours, is a failure.
const isWrong = ({ system, error, faults }) => (error ? system === 'ours' : faults.length > 0);
if (results.turns.some(isWrong)) process.exitCode = 1;
