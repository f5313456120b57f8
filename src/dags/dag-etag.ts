/**
 * The ETag of a DAG: `"id-revision-tick"`. The revision counts every change that people make. The tick is in it since
 * `next_run_at` is in the answer, which would otherwise change under the same tag. `If-Match` looks at the revision alone:
 * a tick that has passed meanwhile is nothing that a change could overwrite.
 */
import type { DagRow } from '../persistence/dag.store.js';

const TAG = /^(\d+)-(\d+)-\d+$/;

export function etagOf(dag: DagRow): string {
  return `"${dag.id}-${dag.revision}-${dag.next_run_at?.getTime() ?? 0}"`;
}

/** The revisions of the DAG that the tags name. */
export function revisionsIn(tags: readonly string[], id: number): number[] {
  return tags.flatMap((tag) => {
    const [, dagId, revision] = TAG.exec(tag) ?? [];
    return dagId === String(id) && Number(revision) <= 2_147_483_647 ? [Number(revision)] : [];
  });
}
