import { Injectable } from '@nestjs/common';
import type { Json } from '../domain/json.js';
import { cleanJson } from '../domain/outcome.js';
import { reviveBelow } from '../domain/revival.js';
import type { TaskStatus } from '../domain/task-state.js';
import { SqlDatabase } from '../persistence/sql-database.js';
import {
  type Decision,
  type LockedEntry,
  type Revival,
  type TaskState,
  closeEntry,
  findEntryVersion,
} from '../persistence/transitions/replay.js';
import { type DagVersion, DagVersions } from './dag-versions.js';
import { Dispatcher } from './dispatcher.js';

export type CloseAnswer = 'done' | 'no_such_entry' | 'not_pending' | 'job_cancelled' | 'dag_deleted';

/** The verbs `replay` and `resolve`: both close a pending DLQ entry, once. */
@Injectable()
export class ReplayTasks {
  constructor(
    private readonly database: SqlDatabase,
    private readonly dispatcher: Dispatcher,
    private readonly versions: DagVersions,
  ) {}

  /** The same task of the same job runs again with fresh retries; what is below it waits for it again. */
  async replay(entryId: number, by: string): Promise<CloseAnswer> {
    return await this.close(entryId, judgeRevival, (version, entry, states) =>
      revival(version, entry, states, by, null, null),
    );
  }

  /** Closed by hand; with an output the task counts as succeeded with it and what is below goes on. */
  async resolve(entryId: number, by: string, note: string | null, output?: Json): Promise<CloseAnswer> {
    if (output === undefined) return await this.close(entryId, judgeClosing, () => ({ by, note }));
    const text = JSON.stringify(cleanJson(output));
    return await this.close(entryId, judgeRevival, (version, entry, states) =>
      revival(version, entry, states, by, note, text),
    );
  }

  private async close(
    entryId: number,
    judge: (entry: LockedEntry) => CloseAnswer,
    decide: (version: DagVersion, entry: LockedEntry, states: TaskState[]) => Decision,
  ): Promise<CloseAnswer> {
    const versionId = await findEntryVersion(this.database, entryId);
    if (versionId === null) return 'no_such_entry';
    // Before the transaction, which must not wait for a second connection.
    const version = await this.versions.get(versionId);
    let answer: CloseAnswer = 'no_such_entry';
    const effects = await closeEntry(this.database, entryId, (entry, states) => {
      answer = judge(entry);
      return answer === 'done' ? decide(version, entry, states) : null;
    });
    if (effects !== null) this.dispatcher.dispatch(effects);
    return answer;
  }
}

function judgeClosing(entry: LockedEntry): CloseAnswer {
  return entry.status === 'pending' ? 'done' : 'not_pending';
}

/** Nothing of a cancelled job or of a deleted DAG may start again. */
function judgeRevival(entry: LockedEntry): CloseAnswer {
  if (entry.status === 'pending' && entry.job_status === 'cancelled') return 'job_cancelled';
  if (entry.status === 'pending' && entry.is_dag_deleted) return 'dag_deleted';
  return judgeClosing(entry);
}

function revival(
  version: DagVersion,
  entry: LockedEntry,
  states: TaskState[],
  by: string,
  note: string | null,
  output: string | null,
): Revival {
  const statuses = states.map((state) => state.status as TaskStatus);
  return {
    entryId: entry.id,
    runId: entry.run_id,
    idx: entry.idx,
    by,
    note,
    output,
    revived: reviveBelow(version.graph, statuses, entry.idx, output === null ? 'queued' : 'succeeded'),
  };
}
