import { Injectable } from '@nestjs/common';
import { type CompiledGraph, compileGraph } from '../domain/graph.js';
import type { TaskSpec } from '../domain/task-spec.js';
import { AttemptInputStore } from '../persistence/attempt-input.store.js';

/** A DAG version ready for use; never changes. */
export interface DagVersion {
  tasks: readonly TaskSpec[];
  graph: CompiledGraph;
}

/** Tasks kept over all cached versions: about 100 MB of definitions at 1 kB each. */
const MAX_CACHED_TASKS = 100_000;

/** Compiled DAG versions by id; versions are immutable, so an entry never goes stale. */
@Injectable()
export class DagVersions {
  private readonly cache = new Map<number, Promise<DagVersion>>();
  private readonly sizes = new Map<number, number>();
  private cachedTasks = 0;

  constructor(private readonly store: AttemptInputStore) {}

  /** @throws Error when there is no such version: a job that refers to it cannot exist */
  async get(id: number): Promise<DagVersion> {
    const known = this.cache.get(id);
    if (known !== undefined) return await known;
    const loading = this.load(id);
    this.cache.set(id, loading);
    try {
      const version = await loading;
      this.admit(id, version.graph.size);
      return version;
    } catch (error) {
      this.cache.delete(id);
      throw error;
    }
  }

  private async load(id: number): Promise<DagVersion> {
    const tasks = await this.store.findVersionTasks(id);
    if (tasks === null) throw new Error(`DAG version ${id} does not exist`);
    return { tasks, graph: compileGraph(tasks) };
  }

  /** Oldest first; the one just admitted stays even when it alone is over the limit. */
  private admit(id: number, size: number): void {
    if (this.sizes.has(id)) return;
    this.sizes.set(id, size);
    this.cachedTasks += size;
    for (const [oldest, oldestSize] of this.sizes) {
      if (this.cachedTasks <= MAX_CACHED_TASKS || oldest === id) return;
      this.sizes.delete(oldest);
      this.cache.delete(oldest);
      this.cachedTasks -= oldestSize;
    }
  }
}
