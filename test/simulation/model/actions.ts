import type { Outcome } from '../../../src/domain/outcome.js';
import { formatAttemptId, parseAttemptId } from '../../../src/domain/attempt-id.js';
import type { IdempotencyKey } from '../../../src/persistence/idempotency-key.store.js';
import { closeEntry } from '../../../src/persistence/transitions/replay.js';
import { runIdsOf } from '../../../src/persistence/transitions/start-all.js';
import type { Claim } from '../../../src/engine/claim-tasks.js';
import { entryNames } from './picture.js';
import type { Side } from './side.js';

/** Numbers that an action makes its choices with, each taken modulo what there is to choose from. */
export type Choices = readonly number[];

/** What can be done to an installation. It answers in words that do not depend on which one it is. */
export type Action = (side: Side, choices: Choices) => Promise<unknown>;

const HOUR_MS = 3_600_000;
const LEASE_OF_NOBODY = '9007199254740991';

function pick<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items[choice % items.length];
}

export function outcomeOf(choice: number): Outcome {
  const kinds: Outcome[] = [
    { kind: 'succeeded', output: { n: choice } },
    { kind: 'succeeded', output: null },
    { kind: 'succeeded', output: [choice, 'text'] },
    { kind: 'failed', error: { code: 'exit_code', message: 'exit 1', retryable: true } },
    {
      kind: 'failed',
      error: { code: 'timeout', message: 'too long', retryable: true },
      retryAfterMs: 2 * HOUR_MS,
    },
    { kind: 'failed', error: { code: 'http_status', message: '404', retryable: false } },
  ];
  return kinds[choice % kinds.length];
}

function keyOf(choice: number): IdempotencyKey {
  const digest = Buffer.from([choice % 3]);
  return { route: 'POST /jobs', caller: 'anybody', digest, fingerprint: Buffer.from([choice % 4]) };
}

const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;

async function start(side: Side, [dag, kind, priority, key]: Choices): Promise<unknown> {
  const dagId = pick(side.dags, dag)!;
  const request = {
    dagId,
    trigger: 'manual',
    priority: pick(PRIORITIES, priority),
    params: { n: dag },
  } as const;
  const runAt = new Date(side.installation.nowMs() + (1 + (kind % 3)) * HOUR_MS);
  const requests = [
    [request],
    [{ ...request, runAt }],
    [request, request],
    [{ ...request, key: keyOf(key) }],
    [{ ...request, key: keyOf(key) }, { ...request, key: keyOf(key + 1) }, request],
    [{ ...request, trigger: 'cron', tickAt: new Date(Date.UTC(2020, 0, 1 + (kind % 3))) } as const],
    [{ dagId: 999_999, trigger: 'manual' } as const],
  ][kind % 7];
  const answers = await Promise.all(requests.map(async (one) => await side.verbs.startJobs.start(one)));
  side.nameJobs((await side.installation.written()).jobs);
  return answers.map((answer) => {
    if (answer.kind === 'replayed') return `replayed ${side.nameOf(answer.resource)}`;
    if (answer.kind !== 'started') return answer.kind;
    const { status, priority: is, trigger, params, scheduled_for } = answer.job;
    return { job: side.nameOf(answer.runId), status, is, trigger, params, waits: scheduled_for !== null };
  });
}

/** Jobs of two DAGs, one of which may be gone, together. */
async function startAll(side: Side, [dag, kind, other, key]: Choices): Promise<unknown> {
  const request = { dagId: pick(side.dags, dag)!, trigger: 'manual', params: { n: dag } } as const;
  const runAt = new Date(side.installation.nowMs() + HOUR_MS);
  const second = { ...request, dagId: pick(side.dags, other)!, priority: 'low' } as const;
  const jobs = [
    [request, second],
    [second, { ...request, runAt }, request],
    [request, { ...second, dagId: 999_999 }],
  ][kind % 3];
  const route = 'POST /jobs/batch';
  const answer = await side.verbs.startJobs.startAll({
    jobs,
    key: key % 2 === 0 ? { ...keyOf(key), route } : undefined,
  });
  side.nameJobs((await side.installation.written()).jobs);
  if (answer.kind === 'replayed')
    return `replayed ${runIdsOf(answer.resource)
      .map((runId) => side.nameOf(runId))
      .join()}`;
  if (answer.kind !== 'started') return answer;
  return answer.jobs.map(({ run_id: runId, status, priority, size, roots, scheduled_for }) => {
    return { job: side.nameOf(runId), status, priority, size, roots, waits: scheduled_for !== null };
  });
}

/** Up to four messages at once, some of them old. */
async function claim(side: Side, [first, count, worker]: Choices): Promise<unknown> {
  const { seen } = side;
  if (seen.length === 0) return null;
  const ids = Array.from({ length: 1 + (count % 4) }, (_, place) => seen[(first + place) % seen.length]);
  return await claimAll(side, ids, worker);
}

/** Whatever is queued, so that jobs get on. */
async function claimQueued(side: Side, [count, worker]: Choices): Promise<unknown> {
  const queued = await side.dispatches.pageQueued(null, 0, 1_000);
  const ids = queued
    .map(formatAttemptId)
    .sort((one, other) => (side.nameOfAttempt(one) < side.nameOfAttempt(other) ? -1 : 1));
  return await claimAll(side, ids.slice(0, 1 + (count % 4)), worker);
}

/** Attempts that were not announced: of other numbers, of tasks that are not there. */
async function claimAlien(side: Side, [first, kind, worker]: Choices): Promise<unknown> {
  const known = parseAttemptId(pick(side.seen, first) ?? '');
  if (known === null) return null;
  const aliens = [
    { ...known, attempt: known.attempt + 1 },
    { ...known, idx: known.idx + 7 },
    { ...known, runId: '01900000-0000-7000-8000-000000000000' },
  ];
  return await claimAll(side, [formatAttemptId(aliens[kind % 3])], worker);
}

async function claimAll(side: Side, ids: readonly string[], worker: number): Promise<unknown> {
  const workerId = workerOf(side, worker);
  const claims = await Promise.all(
    ids.map(async (id) => await side.verbs.claimTasks.claim(parseAttemptId(id)!, workerId)),
  );
  side.addClaims(claims);
  return claims.map((one) => describeClaim(side, one));
}

function describeClaim(side: Side, claimed: Claim | null): unknown {
  if (claimed === null) return null;
  const { attemptId, workerId, dagVersionId: _version, lease: _lease, runId: _runId, ...rest } = claimed;
  return { ...rest, attempt: side.nameOfAttempt(attemptId), worker: side.nameOf(workerId) };
}

/** Mostly the newest, which is likely to be there still. */
function workerOf(side: Side, choice: number): string {
  return choice % 4 === 0 ? pick(side.workers, choice >> 2)! : side.workers.at(-1)!;
}

/** Mostly one that may be good still, now and then any. */
function heldClaim(side: Side, choice: number): Claim | undefined {
  return pick(choice % 5 === 0 || side.live.length === 0 ? side.claims : side.live, Math.floor(choice / 5));
}

async function finish(side: Side, [held, outcome, keep]: Choices): Promise<unknown> {
  const claimed = heldClaim(side, held);
  if (claimed === undefined) return null;
  const keeper = keep % 3 === 0 ? null : workerOf(side, keep);
  const { answer, next } = await side.verbs.finishTasks.finishAndKeep(claimed, outcomeOf(outcome), keeper);
  side.endClaim(claimed);
  side.addClaims([next]);
  return { answer, next: describeClaim(side, next) };
}

/** Several at once, with the same result and maybe the same claim twice, so that they are one batch. */
async function finishSome(side: Side, [first, count, good, keep]: Choices): Promise<unknown> {
  const claims = Array.from({ length: 2 + (count % 3) }, (_, place) =>
    pick(
      side.live.length === 0 ? side.claims.slice(-5) : side.live,
      first + (count % 2 === 0 ? place : place >> 1),
    ),
  ).filter((one) => one !== undefined);
  const keeper = keep % 3 === 0 ? null : workerOf(side, keep);
  const answers = await Promise.all(
    claims.map(
      async (one) =>
        await side.verbs.finishTasks.finishAndKeep(one, outcomeOf(good % 2 === 0 ? 0 : 5), keeper),
    ),
  );
  claims.forEach((one) => side.endClaim(one));
  side.addClaims(answers.map(({ next }) => next));
  return answers.map(({ answer, next }) => ({ answer, next: describeClaim(side, next) }));
}

/** With a lease that is another's, an old one's, or nobody's. */
async function finishForged(side: Side, [held, other, outcome]: Choices): Promise<unknown> {
  const claimed = heldClaim(side, held);
  if (claimed === undefined) return null;
  const lease = other % 3 === 0 ? LEASE_OF_NOBODY : pick(side.claims, other)!.lease;
  if (lease === claimed.lease) return null;
  return await side.verbs.finishTasks.finish({ ...claimed, lease }, outcomeOf(outcome));
}

async function requeue(side: Side, [held, kind, other]: Choices): Promise<unknown> {
  const claimed = heldClaim(side, held);
  if (claimed === undefined) return null;
  const lease = other % 4 === 0 ? pick(side.claims, other)!.lease : claimed.lease;
  const outcome = kind % 2 === 0 ? 'lost' : 'drained';
  side.endClaim(claimed);
  return await side.verbs.requeueTasks.requeue([{ ...claimed, lease, outcome }]);
}

async function lose(side: Side, [held]: Choices): Promise<unknown> {
  const claimed = heldClaim(side, held);
  if (claimed === undefined) return null;
  side.endClaim(claimed);
  await side.verbs.loseTasks.lose([claimed]);
  return null;
}

async function heartbeat(side: Side, [worker]: Choices): Promise<unknown> {
  const workerId = pick(side.workers, worker)!;
  const held = side.claims.filter((one) => one.workerId === workerId);
  // Half of what it holds it has forgotten.
  const leases = held.filter((_, place) => place % 2 === 0).map((one) => one.lease);
  const isGranted = await side.renew(workerId);
  const name = ({ runId, idx }: { runId: string; idx: number }): string => `${side.nameOf(runId)}.${idx}`;
  const revoked = (await side.verbs.leases.findRevoked(held)).map(name).sort();
  const unknown = await side.verbs.leases.findUnknown(workerId, leases, 1_800);
  return { isGranted, revoked, unknown: unknown.map(name).sort() };
}

async function workers(side: Side, [worker, kind]: Choices): Promise<unknown> {
  const workerId = pick(side.workers, worker)!;
  if (kind % 4 === 0) await side.verbs.leases.drain(workerId);
  else if (kind % 4 === 1) await side.verbs.leases.remove(workerId);
  else if (side.workers.length < 8) await side.addWorker();
  return null;
}

async function upkeep(side: Side, [kind]: Choices): Promise<unknown> {
  const { upkeep: loops } = side.verbs;
  switch (kind % 4) {
    case 0:
      return await loops.wake();
    case 1:
      return await loops.release();
    case 2:
      return await loops.forgetLostWorkers();
    default:
      loops.forceSweep();
      return await loops.sweep(0);
  }
}

/** As if it were tomorrow, so that whatever has ended is old enough. */
async function retire(side: Side): Promise<unknown> {
  return await side.verbs.upkeep.retire(-1);
}

async function wake(side: Side): Promise<unknown> {
  return await side.verbs.upkeep.wake();
}

async function reap(side: Side): Promise<unknown> {
  return await side.verbs.upkeep.reap();
}

async function age(side: Side, [hours]: Choices): Promise<unknown> {
  await side.installation.age((1 + (hours % 2)) * HOUR_MS);
  return null;
}

async function cancel(side: Side, [job, all]: Choices): Promise<unknown> {
  if (all % 8 === 0) return await side.verbs.cancelJobs.cancelOfDag(pick(side.dags, job)!);
  return await side.verbs.cancelJobs.cancel(
    pick(side.runIds(), job) ?? '01900000-0000-7000-8000-000000000000',
  );
}

/** Of the entries there are, by what they are about. */
async function entryOf(side: Side, choice: number): Promise<number> {
  const entries = [...entryNames(side, await side.installation.written())];
  entries.sort(([, one], [, other]) => (one < other ? -1 : 1));
  return pick(entries, choice)?.[0] ?? 999_999;
}

/** Replays whatever the entry says, past the engine, which would say no: the statement has guards of its own. */
async function forceEntry(side: Side, [entry]: Choices): Promise<unknown> {
  const by = { by: 'api', note: null, output: null, revived: [] };
  const effects = await closeEntry(side.installation.database, await entryOf(side, entry), (locked) => ({
    ...by,
    entryId: locked.id,
    runId: locked.run_id,
    idx: locked.idx,
  }));
  return effects?.map(({ what }) => what).sort();
}

async function close(side: Side, [entry, kind]: Choices): Promise<unknown> {
  const id = await entryOf(side, entry);
  const { replayTasks } = side.verbs;
  if (kind % 3 === 0) return await replayTasks.resolve(id, 'api', 'by hand');
  if (kind % 3 === 1) return await replayTasks.resolve(id, 'api', null, { resolved: true });
  return await replayTasks.replay(id, 'api');
}

async function rerun(side: Side, [job, kind, key]: Choices): Promise<unknown> {
  const runId = pick(side.runIds(), job);
  if (runId === undefined) return null;
  const from = (['start', 'failed', ['t0'], ['t1', 'nobody']] as const)[kind % 4];
  const answer = await side.verbs.rerunJobs.rerun(runId, from, key % 3 === 0 ? keyOf(key) : undefined);
  side.nameJobs((await side.installation.written()).jobs);
  if (answer.kind === 'replayed') return `replayed ${side.nameOf(answer.resource)}`;
  return answer.kind;
}

/** The cursor of a DAG, moved from where it is and from where it is not. */
async function ticks(side: Side, [dag, kind]: Choices): Promise<unknown> {
  const due = (await side.ticks.findDue(100)).sort((one, other) => one.id - other.id);
  const chosen = pick(due, dag);
  if (chosen === undefined) return null;
  const from = kind % 2 === 0 ? chosen.nextRunAt : new Date(0);
  const to = kind % 5 === 0 ? null : new Date(chosen.nextRunAt.getTime() + 60_000);
  const isMoved = await side.ticks.advance(chosen.id, from, to);
  return { isMoved, due: due.map(({ nextRunAt }) => nextRunAt) };
}

async function look(side: Side, [job, age]: Choices): Promise<unknown> {
  const runId = pick(side.runIds(), job);
  const queued = await side.dispatches.pageQueued(null, (age % 2) * 1_800, 1_000);
  const counts = await side.dispatches.countQueued();
  if (runId === undefined) return null;
  const outputs = [...(await side.inputs.findOutputs(runId, [0, 1, 2, 9]))].sort(
    ([one], [other]) => one - other,
  );
  const [context] = await side.inputs.findContexts([runId]);
  return {
    queued: queued.map((task) => side.nameOfAttempt(formatAttemptId(task))).sort(),
    counts: [...counts].sort(),
    outputs,
    params: context?.params,
  };
}

async function deleteDag(side: Side, [dag, seldom]: Choices): Promise<unknown> {
  if (seldom % 4 === 0) await side.installation.deleteDag(pick(side.dags, dag)!);
  return null;
}

/** What there must be for an action to do anything. */
export type Need = 'job' | 'message' | 'queued' | 'claim' | 'entry';

/** With how often each is drawn, among those that have what they need. */
export const ACTIONS: Readonly<Record<string, { act: Action; weight: number; needs?: Need }>> = {
  start: { act: start, weight: 4 },
  'start all': { act: startAll, weight: 2 },
  'claim what is queued': { act: claimQueued, weight: 14, needs: 'queued' },
  'claim by messages': { act: claim, weight: 4, needs: 'message' },
  'claim an alien': { act: claimAlien, weight: 1, needs: 'message' },
  finish: { act: finish, weight: 16, needs: 'claim' },
  'finish some': { act: finishSome, weight: 6, needs: 'claim' },
  'finish with a forged lease': { act: finishForged, weight: 2, needs: 'claim' },
  requeue: { act: requeue, weight: 4, needs: 'claim' },
  lose: { act: lose, weight: 4, needs: 'claim' },
  heartbeat: { act: heartbeat, weight: 4, needs: 'claim' },
  workers: { act: workers, weight: 3 },
  upkeep: { act: upkeep, weight: 6, needs: 'job' },
  wake: { act: wake, weight: 3, needs: 'claim' },
  reap: { act: reap, weight: 4, needs: 'claim' },
  retire: { act: retire, weight: 1, needs: 'claim' },
  age: { act: age, weight: 5, needs: 'job' },
  cancel: { act: cancel, weight: 1, needs: 'job' },
  'close an entry': { act: close, weight: 8, needs: 'entry' },
  'force an entry': { act: forceEntry, weight: 2, needs: 'entry' },
  rerun: { act: rerun, weight: 3, needs: 'claim' },
  ticks: { act: ticks, weight: 1 },
  look: { act: look, weight: 2, needs: 'job' },
  'delete a DAG': { act: deleteDag, weight: 1, needs: 'claim' },
};
