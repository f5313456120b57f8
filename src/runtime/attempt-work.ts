import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import type { Json } from '../domain/json.js';
import type { Outcome } from '../domain/outcome.js';
import type { TaskSpec } from '../domain/task-spec.js';
import { referencedTasks, renderTaskConfig } from '../domain/template.js';
import { Batcher } from '../engine/batcher.js';
import type { Claim } from '../engine/claim-tasks.js';
import { type DagVersion, DagVersions } from '../engine/dag-versions.js';
import type { AttemptWork } from '../executors/executor.js';
import { AttemptInputStore, type JobContext } from '../persistence/attempt-input.store.js';
import { isDatabaseAway } from '../persistence/database-faults.js';

export type Prepared = { kind: 'work'; work: AttemptWork } | { kind: 'failed'; outcome: Outcome };

const NOTHING: JobContext = { runId: '', dagName: '', params: {}, scheduledFor: null };

/** Makes a claim into something that can be executed: looks up what the task is given and fills its templates in. */
@Injectable()
export class AttemptWorks {
  private readonly contexts: Batcher<string, JobContext | undefined>;

  constructor(
    private readonly store: AttemptInputStore,
    private readonly versions: DagVersions,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.contexts = new Batcher({
      run: async (runIds) => {
        const found = new Map(
          (await this.store.findContexts([...new Set(runIds)])).map((job) => [job.runId, job]),
        );
        return runIds.map((runId) => found.get(runId));
      },
      maxSize: 250,
      isShared: isDatabaseAway,
    });
  }

  async prepare(claim: Claim): Promise<Prepared> {
    const version = await this.versions.get(claim.dagVersionId);
    const task = version.tasks[claim.idx];
    // A noop reads nothing, so nothing is read for it.
    if (task.task_type === 'noop')
      return { kind: 'work', work: this.workOf(claim, task, NOTHING, {}, task.config) };
    const context = await this.contexts.add(claim.runId);
    if (context === undefined) throw new Error(`Job ${claim.runId} does not exist`);
    const { inputs, outputs } = await this.findInputs(claim, task, version);
    const scope = {
      params: context.params,
      tasks: outputs,
      run: { id: claim.runId, scheduled_for: context.scheduledFor },
    };
    const rendered = renderTaskConfig(task.task_type, task.config, scope);
    if (!rendered.ok) {
      const error = { code: 'template', message: rendered.message, retryable: false };
      return { kind: 'failed', outcome: { kind: 'failed', error } };
    }
    return { kind: 'work', work: this.workOf(claim, task, context, inputs, rendered.value) };
  }

  /** Outputs of the direct dependencies by name, and of every task the templates name. */
  private async findInputs(
    claim: Claim,
    task: TaskSpec,
    { graph }: DagVersion,
  ): Promise<{ inputs: Record<string, Json>; outputs: Record<string, { output: Json }> }> {
    const wanted = new Set(graph.parents[claim.idx]);
    for (const name of referencedTasks(task.config)) {
      const idx = graph.indexByName.get(name);
      if (idx !== undefined) wanted.add(idx);
    }
    const found =
      wanted.size === 0 ? new Map<number, Json>() : await this.store.findOutputs(claim.runId, [...wanted]);
    // Null prototypes: a task may be called `__proto__`.
    const inputs = Object.create(null) as Record<string, Json>;
    const outputs = Object.create(null) as Record<string, { output: Json }>;
    for (const idx of graph.parents[claim.idx]) inputs[graph.names[idx]] = found.get(idx) ?? null;
    for (const idx of wanted) outputs[graph.names[idx]] = { output: found.get(idx) ?? null };
    return { inputs, outputs };
  }

  private workOf(
    claim: Claim,
    task: TaskSpec,
    context: JobContext,
    inputs: Record<string, Json>,
    config: AttemptWork['config'],
  ): AttemptWork {
    return {
      attemptId: claim.attemptId,
      runId: claim.runId,
      dagName: context.dagName,
      taskName: task.name,
      taskType: task.task_type,
      attempt: claim.attempt,
      config,
      params: context.params,
      inputs,
      scheduledFor: context.scheduledFor,
      timeoutSeconds: task.timeout_seconds ?? this.config.defaults.timeoutSeconds,
    };
  }
}
