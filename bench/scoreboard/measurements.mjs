/*
 * The measurements, the same for all systems. They run in the system's own process and know it by these verbs:
 *
 *   submit(length)   one job, a chain of so many tasks; resolves when it is accepted, with what `ended` takes
 *   submitMany(count, length)   so many of them by the call that the system has for many; with what `ended` takes
 *   ended(jobs)      resolves when all have ended, with the moments they did, in that order (clock.mjs)
 *   fan(width)       one job 1 → width → 1: { ms, sinkMs, sinkEndMs }
 *   feed(count)      accepts one-task jobs the way the system takes many; `done()` says how many have ended so far
 *   deepest          how many unfinished jobs it may have where that is bounded
 *   floor, noop, scripts: what only some have
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { median, quantile } from '../measure.mjs';
import { now, until } from './clock.mjs';

/** Clients that submit at the same time, as many callers would; each waits for its answer before it submits again. */
const SUBMISSIONS_UNDER_WAY = 32;

/** Runs `work(i)` for 0 … count − 1, so many at a time. @returns the answers in order. */
export async function inFlight(count, limit, work) {
  const answers = new Array(count);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const i = next;
      next += 1;
      answers[i] = await work(i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, lane));
  return answers;
}

async function jobs(system, { count, length }) {
  const startedAt = now();
  const accepted = await inFlight(count, SUBMISSIONS_UNDER_WAY, () => system.submit(length));
  const acceptedAt = now();
  const ms = Math.max(...(await system.ended(accepted))) - startedAt;
  return { ms, submitMs: acceptedAt - startedAt, tasks: count * length };
}

/** The same by the call for many. */
async function batch(system, { count, length }) {
  const startedAt = now();
  const accepted = await system.submitMany(count, length);
  const acceptedAt = now();
  const ms = Math.max(...(await system.ended(accepted))) - startedAt;
  return { ms, submitMs: acceptedAt - startedAt, tasks: count * length };
}

async function latency(system, { length, samples }) {
  const latencies = [];
  for (let i = 0; i < samples; i += 1) {
    const startedAt = now();
    const [endedAt] = await system.ended([await system.submit(length)]);
    latencies.push(endedAt - startedAt);
  }
  return {
    ms: latencies.reduce((sum, ms) => sum + ms, 0),
    p50: median(latencies),
    p95: quantile(latencies, 0.95),
    latencies,
    tasks: samples * length,
  };
}

/** p95 beyond which a rate counts as not held. */
const HELD_P95_MS = 1_000;
const FIRST_RATE = 25;
/** What each system held last: its next ladder begins a little below. */
const held = new WeakMap();

/**
 * Open loop: jobs are due at even intervals whatever the system does, and their latency counts from when they are due, so
 * a system that makes its callers wait does not look faster for it.
 */
async function rung(system, rate, { length, seconds }) {
  const count = Math.round(rate * seconds);
  const beginAt = now() + 20;
  const dueAt = (i) => beginAt + (i * 1_000) / rate;
  const submissions = [];
  for (let i = 0; i < count; i += 1) {
    const wait = dueAt(i) - now();
    if (wait > 1) await sleep(wait);
    submissions.push(system.submit(length));
  }
  const ends = await system.ended(await Promise.all(submissions));
  const p95 = quantile(
    ends.map((end, i) => end - dueAt(i)),
    0.95,
  );
  return { rate, p95, count };
}

/** Doubles the rate until it is not held, or halves it until it is; then narrows the two bounds. */
async function rate(system, { length, seconds, narrowings }) {
  const startedAt = now();
  const rungs = [];
  const isHeld = async (perSecond) => {
    rungs.push(await rung(system, perSecond, { length, seconds }));
    return rungs.at(-1).p95 <= HELD_P95_MS;
  };
  // Twice in a row: one stutter of the machine is no answer.
  const holds = async (perSecond) => (await isHeld(perSecond)) || (await isHeld(perSecond));
  let low = held.has(system) ? held.get(system) / Math.SQRT2 : FIRST_RATE;
  let high = low;
  if (await holds(low)) {
    do {
      low = high;
      high *= 2;
    } while (await holds(high));
  } else {
    do {
      high = low;
      low /= 2;
    } while (low > 1 && !(await holds(low)));
  }
  for (let i = 0; i < narrowings; i += 1) {
    const middle = Math.sqrt(low * high);
    if (await holds(middle)) low = middle;
    else high = middle;
  }
  held.set(system, low);
  const tasks = rungs.reduce((sum, { count }) => sum + count * length, 0);
  return { ms: now() - startedAt, perSecond: low, rungs, tasks };
}

/** Feeders at work at the same time, each with an eighth of the depth: so the next jobs are on their way while some are taken in. */
const FEEDERS = 4;
/** A look counts what is unfinished, which costs a database part of what is measured; less often, and the depth would sag. */
const LOOK_EVERY_MS = 100;

async function drain(system, { depth: wantedDepth, seconds }) {
  const depth = Math.min(wantedDepth, system.deepest ?? Infinity);
  const batch = Math.ceil(depth / 8);
  let [fed, done, isOver] = [0, await system.done(), false];
  const feeder = async () => {
    while (!isOver) {
      if (fed - done > depth - batch) {
        await sleep(5);
        continue;
      }
      fed += batch;
      await system.feed(batch);
    }
  };
  const look = async () => {
    done = await system.done();
    return { at: now(), done };
  };
  const feeders = Array.from({ length: FEEDERS }, feeder);
  // Of a feeder that fails we learn at the end.
  for (const feeding of feeders) feeding.catch(() => (isOver = true));
  const isFilled = async () => {
    await look();
    return fed >= depth || isOver;
  };
  await until(isFilled, { what: 'The first filling' });
  const begin = await look();
  let end = begin;
  const depths = [];
  while (end.at - begin.at < seconds * 1_000 && !isOver) {
    await sleep(LOOK_EVERY_MS);
    end = await look();
    depths.push(fed - end.done);
  }
  isOver = true;
  await Promise.all(feeders);
  await until(async () => (await system.done()) === fed, { what: 'The end of the last job' });
  const perSecond = ((end.done - begin.done) * 1_000) / (end.at - begin.at);
  return { ms: now() - begin.at, perSecond, depth: median(depths), tasks: fed };
}

export const MEASUREMENTS = {
  nothing: async () => ({ ms: 0, tasks: 0 }),
  floor: (system, size) => system.floor(size),
  noop: (system, size) => system.noop(size),
  fan: async (system, { width }) => ({ ...(await system.fan(width)), tasks: width + 2 }),
  scripts: (system, size) => system.scripts(size),
  jobs,
  batch,
  latency,
  rate,
  drain,
};
