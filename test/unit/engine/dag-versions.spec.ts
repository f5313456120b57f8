import { describe, expect, it } from '@jest/globals';
import { DagVersions } from '../../../src/engine/dag-versions.js';
import type { TaskSpec } from '../../../src/domain/task-spec.js';
import { AttemptInputStore } from '../../../src/persistence/attempt-input.store.js';
import type { SqlDatabase } from '../../../src/persistence/sql-database.js';
import { tasksOf } from '../domain/a-task.js';

/** A store that counts what is read; versions have so many tasks as `sizeOf` says, or do not exist. */
class CountingStore extends AttemptInputStore {
  readonly reads: number[] = [];
  fails = false;

  constructor(private readonly sizeOf: (id: number) => number | null) {
    super(null as unknown as SqlDatabase);
  }

  override async findVersionTasks(id: number): Promise<TaskSpec[] | null> {
    this.reads.push(id);
    if (this.fails) throw new Error('the database is away');
    const size = this.sizeOf(id);
    if (size === null) return null;
    return tasksOf(Object.fromEntries(Array.from({ length: size }, (_, index) => [`t${index}`, []])));
  }
}

describe('The cache of DAG versions', () => {
  it('reads and compiles a version once, also for many who ask at once', async () => {
    const store = new CountingStore(() => 3);
    const versions = new DagVersions(store);
    const all = await Promise.all([versions.get(1), versions.get(1), versions.get(1)]);
    expect(await versions.get(1)).toBe(all[0]);
    expect(new Set(all).size).toBe(1);
    expect(all[0].graph.names).toEqual(['t0', 't1', 't2']);
    expect(store.reads).toEqual([1]);
  });

  it('does not remember a failure', async () => {
    const store = new CountingStore(() => 1);
    const versions = new DagVersions(store);
    store.fails = true;
    const asked = await Promise.allSettled([versions.get(1), versions.get(1)]);
    expect(asked.map((answer) => answer.status)).toEqual(['rejected', 'rejected']);
    store.fails = false;
    expect((await versions.get(1)).graph.size).toBe(1);
  });

  it('fails for a version that does not exist', async () => {
    const versions = new DagVersions(new CountingStore(() => null));
    await expect(versions.get(7)).rejects.toThrow('DAG version 7 does not exist');
  });

  it('drops the oldest when its tasks are too many, and keeps the newest', async () => {
    const store = new CountingStore(() => 10_000);
    const versions = new DagVersions(store);
    for (let id = 1; id <= 11; id += 1) await versions.get(id);
    await versions.get(11);
    await versions.get(2);
    expect(store.reads).toHaveLength(11);
    await versions.get(1);
    expect(store.reads).toHaveLength(12);
    await versions.get(2);
    expect(store.reads).toHaveLength(13);
  });
});
