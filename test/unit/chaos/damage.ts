/** How tests find their way in a history, and damage it. */
import type { Draft } from './story.js';

type Event = Draft['events'][number];

export const jobOf = (draft: Draft, runId: string) => draft.jobs.find((job) => job.runId === runId)!;
export const taskOf = (draft: Draft, runId: string, name: string) =>
  draft.tasks.find((task) => task.runId === runId && task.name === name)!;
export const attemptOf = (draft: Draft, runId: string, name: string, attempt = 1) => {
  const { idx } = taskOf(draft, runId, name);
  return draft.attempts.find((one) => one.runId === runId && one.idx === idx && one.attempt === attempt)!;
};
export const eventOf = (draft: Draft, runId: string, type: string, task: string | null = null, nth = 0) =>
  draft.events.filter((event) => event.runId === runId && event.type === type && event.task === task)[nth];
export const lineOf = (draft: Draft, runId: string, task: string, what: string) =>
  draft.witness.find((line) => line.runId === runId && line.task === task && line.what === what)!;

export function remove<Row>(rows: Row[], row: Row): void {
  rows.splice(rows.indexOf(row), 1);
}

/** Puts the events of a job into this order, as if they had been written so. */
export function rewrite(draft: Draft, runId: string, edit: (events: Event[]) => void): void {
  const events = draft.events.filter((event) => event.runId === runId);
  const first = events[0].at;
  edit(events);
  events.forEach((event, place) => (event.seq = place + 1));
  events.reduce((at, event) => (event.at = Math.max(at, event.at)), first);
  draft.events = [...draft.events.filter((event) => event.runId !== runId), ...events];
  jobOf(draft, runId).lastSeq = events.length;
}

export function insertAfter(draft: Draft, event: Event, more: Partial<Event> = {}): void {
  rewrite(draft, event.runId, (events) => events.splice(events.indexOf(event) + 1, 0, { ...event, ...more }));
}

export function removeEvent(draft: Draft, event: Event): void {
  rewrite(draft, event.runId, (events) => remove(events, event));
}

export function forget(draft: Draft, runId: string): void {
  for (const rows of [draft.jobs, draft.tasks, draft.attempts, draft.events, draft.witness] as {
    runId: string;
  }[][])
    for (const row of rows.filter((one) => one.runId === runId)) remove(rows, row);
}

/** The same job once more, with leases of its own. */
export function double(draft: Draft, runId: string): void {
  const as = `${runId} again`;
  for (const rows of [draft.jobs, draft.tasks, draft.attempts, draft.events, draft.witness] as {
    runId: string;
  }[][])
    rows.push(...rows.filter((row) => row.runId === runId).map((row) => ({ ...row, runId: as })));
  for (const attempt of draft.attempts.filter((one) => one.runId === as)) attempt.lease += ' again';
}
