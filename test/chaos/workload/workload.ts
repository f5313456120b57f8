import { setTimeout as pause } from 'node:timers/promises';
import type { Problem, Schemas } from '../../../client/index.js';
import { Random } from '../random.js';
import { Witness } from '../witness.js';
import { DlqDesk } from './dlq-desk.js';
import { type JobPlan, planJob } from './job-plan.js';
import { cronDags, isOurs, randomDags } from './random-dags.js';
import { type Answer, RestlessClient } from './restless-client.js';
import { type TaskMix, USUAL_MIX } from './task-kinds.js';
import { WitnessServer } from './witness-server.js';

export interface WorkloadSettings {
  seed: number;
  jobs: number;
  /** Jobs started per second, on average. */
  jobsPerSecond: number;
  /** Left out: the usual mix. */
  mix?: TaskMix;
  /** Where attempts write their witness lines. */
  witnessDirectory: string;
  /** API addresses, any of which may be down at any moment. */
  apiUrls: () => readonly string[];
  log: (line: string) => void;
}

/** How often a try is given up by the client the moment it is under way. */
const LOST_ANSWERS = 0.05;
const ROUND_MS = 400;

/** Random DAGs and jobs from one seed, and the people around them: they start, cancel, replay, resolve and rerun. */
export class Workload {
  /** Run id by idempotency key, reruns included. */
  readonly accepted = new Map<string, string>();
  private readonly random: Random;
  private readonly client: RestlessClient;
  private readonly desk: DlqDesk;
  private readonly server: WitnessServer;
  private readonly witness: Witness;
  private readonly sizes = new Map<number, number>();
  private readonly reruns: { runId: string; from: 'failed' | 'start' }[] = [];
  /** What cancels jobs after a while. */
  private readonly following: Promise<void>[] = [];
  private hasStarted = false;
  private tasks = 0;
  private open = 0;

  constructor(private readonly settings: WorkloadSettings) {
    this.random = new Random(settings.seed);
    this.client = new RestlessClient(settings.apiUrls, this.random.fork('client'));
    this.desk = new DlqDesk(this.client, this.random.fork('dlq'), isOurs);
    this.witness = new Witness(settings.witnessDirectory);
    this.server = new WitnessServer(this.witness);
  }

  /** Jobs accepted, and those of them that have ended as far as it is known; their tasks. */
  get progress(): { started: number; ended: number; tasks: number } {
    const started = this.accepted.size;
    return { started, ended: Math.max(0, started - this.open), tasks: this.tasks };
  }

  /** Creates the DAGs and starts jobs until all were accepted. */
  async run(): Promise<void> {
    const { jobs, jobsPerSecond, log } = this.settings;
    const serverUrl = await this.server.open();
    const traces = { witnessPath: this.witness.path, serverUrl };
    const dags = await this.createDags(randomDags(this.random, jobs, traces, this.settings.mix ?? USUAL_MIX));
    const crons = await this.createDags(cronDags());
    log(`workload: ${dags.length} DAGs and ${crons.length} by the second, ${jobs} jobs to start`);
    const looksAfter = awaited(this.lookAfterDlq());
    const starting: Promise<void>[] = [];
    for (let number = 0; number < jobs; number += 1) {
      const plan = planJob(this.random.fork(`job ${number}`), dags.length, jobsPerSecond);
      starting.push(awaited(this.startJob(number, plan, dags[plan.dag])));
      await pause(plan.gapMs);
    }
    await Promise.all(starting);
    for (const dag of crons) await this.expect([200], { method: 'POST', path: `/dags/${dag}/pause` });
    this.hasStarted = true;
    await looksAfter;
    log(`workload: all accepted; ${this.client.tellRepeated()}`);
  }

  /** Waits until everything accepted has ended. @throws with what has not when the time is over */
  async ended(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    try {
      await Promise.all(this.following);
      for (;;) {
        const open = await this.openJobs();
        this.countOpen(open);
        // Whatever is done to what has ended may open it again, so that is looked at last.
        if (open.length === 0 && !(await this.desk.workThrough()) && !(await this.rerunDue())) return;
        if (Date.now() > deadline) throw new Error(`Not ended: ${describe(open)}`);
        await pause(ROUND_MS);
      }
    } finally {
      this.server.close();
    }
  }

  private async createDags(dags: readonly Schemas['CreateDag'][]): Promise<number[]> {
    return await Promise.all(dags.map(async (dag) => await this.createDag(dag)));
  }

  private async createDag(body: Schemas['CreateDag']): Promise<number> {
    const key = `${this.settings.seed} ${body.name}`.replace(' ', '.');
    const answer = await this.expect([200, 201], { method: 'POST', path: '/dags', body, key });
    const { id } = answer.body as Schemas['Dag'];
    this.sizes.set(id, body.tasks.length);
    return id;
  }

  private async startJob(number: number, plan: JobPlan, dagId: number): Promise<void> {
    const key = `${this.settings.seed}.job.${number}`;
    const body: Schemas['CreateJob'] = {
      dag_id: dagId,
      params: { key },
      ...(plan.priority === null ? {} : { priority: plan.priority }),
      ...(plan.runInMs === null ? {} : { run_at: new Date(Date.now() + plan.runInMs).toISOString() }),
    };
    const ask = async (): Promise<string> => {
      const request = { method: 'POST', path: '/jobs', body, key };
      return ((await this.expect([200, 201], request)).body as Schemas['Job']).run_id;
    };
    const [runId, other] = await Promise.all(plan.isDoubled ? [ask(), ask()] : [ask()]);
    if (other !== undefined && other !== runId)
      throw new Error(`The key ${key} was answered with the jobs ${runId} and ${other}`);
    this.accept(key, runId, dagId);
    if (plan.cancelAfterMs !== null) this.following.push(awaited(this.cancel(runId, plan.cancelAfterMs)));
    if (plan.rerunFrom !== null) this.reruns.push({ runId, from: plan.rerunFrom });
  }

  private accept(key: string, runId: string, dagId: number): void {
    this.accepted.set(key, runId);
    this.tasks += this.sizes.get(dagId) ?? 0;
  }

  private async cancel(runId: string, afterMs: number): Promise<void> {
    await pause(afterMs);
    // 409: it has ended by itself.
    await this.expect([200, 409], { method: 'POST', path: `/jobs/${runId}/cancel` });
  }

  private async lookAfterDlq(): Promise<void> {
    while (!this.hasStarted) {
      await this.desk.work();
      await this.rerunDue();
      this.countOpen(await this.openJobs());
      await pause(ROUND_MS);
    }
  }

  /** Reruns what has ended of those that are to be rerun. @returns whether there were any */
  private async rerunDue(): Promise<boolean> {
    const due = this.reruns.splice(0);
    await Promise.all(due.map(async (rerun) => await this.rerun(rerun)));
    return due.length > 0;
  }

  private async rerun(rerun: { runId: string; from: 'failed' | 'start' }): Promise<void> {
    const path = `/jobs/${rerun.runId}/rerun`;
    const key = `${this.settings.seed}.rerun.${rerun.runId}`;
    const request = { method: 'POST', path, key, body: { from: rerun.from } };
    // 409: it has not ended yet, or everything of it has succeeded.
    const { status, body } = await this.expect([200, 201, 409], request);
    if (status < 300) {
      const job = body as Schemas['Job'];
      this.accept(key, job.run_id, job.dag_id);
    } else if ((body as Problem).code === 'job_not_ended') this.reruns.push(rerun);
  }

  /** Those that ticks made are nobody's to wait for. */
  private countOpen(open: readonly Schemas['JobSummary'][]): void {
    const accepted = new Set(this.accepted.values());
    this.open = open.filter((job) => accepted.has(job.run_id)).length;
  }

  private async openJobs(): Promise<Schemas['JobSummary'][]> {
    const open: Schemas['JobSummary'][] = [];
    for (let cursor: string | null = null; ;) {
      const path = `/jobs?status=scheduled,queued,running&limit=200${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page = (await this.expect([200], { method: 'GET', path })).body as Schemas['JobPage'];
      open.push(...page.items.filter((job) => isOurs(job.dag_name)));
      if (page.next_cursor === null) return open;
      cursor = page.next_cursor;
    }
  }

  private async expect(
    statuses: readonly number[],
    request: Parameters<RestlessClient['send']>[0],
  ): Promise<Answer> {
    const answer = await this.client.send(request, request.method === 'GET' ? 0 : LOST_ANSWERS);
    if (statuses.includes(answer.status)) return answer;
    throw new Error(
      `${request.method} ${request.path} answers ${answer.status}: ${JSON.stringify(answer.body)}`,
    );
  }
}

/** Its failure is looked at later, and must not end the process until then. */
function awaited(work: Promise<void>): Promise<void> {
  work.catch(() => undefined);
  return work;
}

function describe(open: readonly Schemas['JobSummary'][]): string {
  const some = open
    .slice(0, 5)
    .map((job) => `${job.run_id} (${job.status} ${JSON.stringify(job.task_counts)})`);
  return `${open.length} jobs, ${some.join(', ')}`;
}
