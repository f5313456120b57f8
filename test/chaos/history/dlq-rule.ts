import { type JobFile, type Rule, replayFaults } from './case-file.js';
import type { Finding } from './history.js';

/** I5: one entry for each task that used up its attempts, pending until it is acted on, once. */
export const oneEntryPerFailure: Rule = (_history, files) => [
  ...replayFaults(files, 'I5'),
  ...files.flatMap((file) => rows(file)),
];

/** The entries of a job are those its events tell of, and are as these have left them. */
function rows({ job, graph, entries, replay }: JobFile): Finding[] {
  const told = list(replay.entries, graph.names);
  const there = list(entries, graph.names);
  if (told === there) return [];
  return [
    { invariant: 'I5', runId: job.runId, what: `DLQ entries are [${there}], and by the events [${told}]` },
  ];
}

function list(
  entries: readonly { id: number; idx: number; status: string }[],
  names: readonly string[],
): string {
  return [...entries]
    .sort((one, other) => one.id - other.id)
    .map((entry) => `${entry.id} ${names[entry.idx]} ${entry.status}`)
    .join(', ');
}
