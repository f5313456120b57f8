// Preloaded into a process of the product (`node --import …/failpoints.mjs dist/main.js`): makes it fail before or after
// any statement of the engine, without a line of the product knowing of it.
//
// A point is `before:<what>` or `after:<what>`, where <what> is the name of a statement, `commit` of a transaction,
// `enqueue` (messages to the queue) or `publish` (nudges to the bus). The parent arms points over the IPC channel:
//   { arm: id, point: point | 'any', action: 'kill' | 'stop' | 'break' | 'stall', nth, stallMs }, { disarm: id }
// `break` is an error as of a connection that broke: before a statement nothing was done, after it the answer is lost.
// Each point seen for the first time and each one that fired is a line in the file CHAOS_JOURNAL, written before
// anything else happens, so that a process that kills itself has said where.
// `stop` stands still there, until the parent lets it go on.
// CHAOS_CLOCK_SKEW_MS moves the clock of the process.
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const journal = process.env.CHAOS_JOURNAL;
const skewMs = Number(process.env.CHAOS_CLOCK_SKEW_MS ?? 0);
delete process.env.CHAOS_JOURNAL;
delete process.env.CHAOS_CLOCK_SKEW_MS;

const seen = new Set();
/** By id: what is to happen, where, at the how many-th time. */
const armed = new Map();

function note(...words) {
  if (journal) appendFileSync(journal, `${Date.now() - skewMs} ${process.pid} ${words.join(' ')}\n`);
}

/** Lets happen what is to happen at this point, now. */
async function pass(point, brokenConnection = brokenSession) {
  for (const { action, stallMs } of firing(point))
    if (action === 'stall') await pause(stallMs);
    else if (action === 'break')
      throw brokenConnection(`Connection terminated unexpectedly (failpoint ${point})`);
}

function brokenSession(message) {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

/** What fires at this point, now; a crash happens here already, and standing still. */
function firing(point) {
  if (!seen.has(point)) {
    seen.add(point);
    note('seen', point);
  }
  const fired = [];
  for (const [id, one] of armed) {
    if (one.point !== 'any' && one.point !== point) continue;
    if (--one.nth > 0) continue;
    armed.delete(id);
    note(one.action, point, id);
    if (one.action === 'kill') process.kill(process.pid, 'SIGKILL');
    if (one.action === 'stop') process.kill(process.pid, 'SIGSTOP');
    fired.push(one);
  }
  return fired;
}

/** Puts the method between its two points. */
function wrap(prototype, method, nameOf, brokenConnection) {
  const original = prototype[method];
  prototype[method] = async function (...args) {
    const name = nameOf(...args);
    await pass(`before:${name}`, brokenConnection);
    const result = await original.apply(this, args);
    await pass(`after:${name}`, brokenConnection);
    return result;
  };
}

if (skewMs !== 0) {
  const RealDate = Date;
  globalThis.Date = class Date extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + skewMs);
      else super(...args);
    }
    static now() {
      return RealDate.now() + skewMs;
    }
  };
}

const dist = (path) => new URL(`../../../dist/${path}`, import.meta.url).href;
const { SqlDatabase, SqlTransaction } = await import(dist('persistence/sql-database.js'));
wrap(SqlDatabase.prototype, 'query', (statement) => statement.name);
wrap(SqlDatabase.prototype, 'queryInsistently', (statement) => statement.name);
wrap(SqlTransaction.prototype, 'query', (statement) => statement.name);
// The work of a transaction ends where its COMMIT begins; behind it the transaction is done.
const { transaction } = SqlDatabase.prototype;
SqlDatabase.prototype.transaction = async function (work) {
  const result = await transaction.call(this, async (tx) => {
    const inside = await work(tx);
    await pass('before:commit');
    return inside;
  });
  await pass('after:commit');
  return result;
};
const { BullmqTaskQueue } = await import(dist('queue/bullmq-task-queue.js'));
const { QueueUnavailableError } = await import(dist('queue/queue-unavailable-error.js'));
wrap(
  BullmqTaskQueue.prototype,
  'enqueue',
  () => 'enqueue',
  (message) => new QueueUnavailableError('redis', new Error(message)),
);
const { WireBus } = await import(dist('bus/wire-bus.js'));
const { publish } = WireBus.prototype;
WireBus.prototype.publish = function (nudges) {
  // It never throws and never waits, so only a crash can happen here.
  if (nudges.length > 0) firing('before:publish');
  publish.call(this, nudges);
  if (nudges.length > 0) firing('after:publish');
};

if (process.send) {
  process.on('message', (message) => {
    if (message.arm) armed.set(message.arm, { ...message });
    if (message.disarm) armed.delete(message.disarm);
    if (message.measure) {
      globalThis.gc?.();
      const { heapUsed, rss } = process.memoryUsage();
      process.send?.({ measured: { heapUsed, rss } });
    }
  });
  // Without a parent nobody ends this process any more.
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();
}
