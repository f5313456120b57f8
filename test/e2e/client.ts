import { connect, dataOf, type Schemas, type SchedulerClient } from '../../client/index.js';
import { eventually } from '../support/eventually.js';

/** A loaded machine takes its time; nothing here waits longer than it has to. */
export const PATIENCE = { timeoutMs: 45_000, everyMs: 50 };

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

export type JobView = Schemas['Job'];
export type TaskOfDag = Schemas['CreateDag']['tasks'][number];

interface Problem {
  code: string;
  title: string;
}

/** The product as its users reach it: one API process over HTTP, through the generated client. */
export class Client {
  /** Every call that the document knows, typed by it. */
  readonly api: SchedulerClient;

  constructor(private readonly url: string) {
    this.api = connect(url, { fetch: (request) => fetch(request, { signal: AbortSignal.timeout(30_000) }) });
  }

  /** One request past the generated client, for what is refused or answers no JSON of ours; the body of an answer without one is null. */
  async send<Body = Problem>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    const answer = await fetch(this.url + path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: (text ? JSON.parse(text) : null) as Body,
    };
  }

  /** One request that has to be answered with that status. */
  async expect<Body>(status: number, method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.send<Body>(method, path, body);
    if (answer.status !== status)
      throw new Error(
        `${method} ${path}: expected ${status}, got ${answer.status} ${JSON.stringify(answer.body)}`,
      );
    return answer.body;
  }

  async createDag(
    name: string,
    tasks: TaskOfDag[],
    more: Partial<Schemas['CreateDag']> = {},
  ): Promise<number> {
    return (await dataOf(this.api.POST('/dags', { body: { name, tasks, ...more } }))).id;
  }

  async dag(id: number): Promise<Schemas['Dag']> {
    return await dataOf(this.api.GET('/dags/{id}', { params: { path: { id } } }));
  }

  async deleteDag(id: number): Promise<void> {
    await dataOf(this.api.DELETE('/dags/{id}', { params: { path: { id } } }));
  }

  async startJob(dagId: number, more: Partial<Schemas['CreateJob']> = {}): Promise<JobView> {
    return await dataOf(this.api.POST('/jobs', { body: { dag_id: dagId, ...more } }));
  }

  async job(runId: string): Promise<JobView> {
    return await dataOf(this.api.GET('/jobs/{run_id}', { params: { path: { run_id: runId } } }));
  }

  async cancel(runId: string): Promise<JobView> {
    return await dataOf(this.api.POST('/jobs/{run_id}/cancel', { params: { path: { run_id: runId } } }));
  }

  /** Waits until the job has that status, and says what it was like when it never had. */
  async jobWhen(runId: string, status: JobView['status'], timeoutMs = PATIENCE.timeoutMs): Promise<JobView> {
    return await eventually(
      async () => {
        const job = await this.job(runId);
        if (job.status !== status)
          throw new Error(`Expected ${status}, but the job is ${JSON.stringify(job, null, 1)}`);
        return job;
      },
      { ...PATIENCE, timeoutMs },
    );
  }

  async jobsOf(dagId: number): Promise<Schemas['JobSummary'][]> {
    const query = { dag_id: dagId, limit: 200 };
    return (await dataOf(this.api.GET('/jobs', { params: { query } }))).items;
  }

  async events(runId: string): Promise<Schemas['Event'][]> {
    const events: Schemas['Event'][] = [];
    for (;;) {
      const query = { limit: 200, since: events.at(-1)?.seq ?? 0 };
      const params = { path: { run_id: runId }, query };
      const page = await dataOf(this.api.GET('/jobs/{run_id}/events', { params }));
      // The route streams as well, to whom asks for it.
      if (typeof page === 'string') throw new Error(`Expected a page of events, got ${page}`);
      const { items } = page;
      events.push(...items);
      if (items.length < 200) return events;
    }
  }

  async attempts(runId: string, task: string): Promise<Schemas['Attempt'][]> {
    const params = { path: { run_id: runId, name: task } };
    return (await dataOf(this.api.GET('/jobs/{run_id}/tasks/{name}/attempts', { params }))).items;
  }

  async workers(): Promise<Schemas['Worker'][]> {
    return (await dataOf(this.api.GET('/workers'))).items;
  }

  async queueStats(): Promise<Schemas['QueueStats']> {
    return await dataOf(this.api.GET('/jobs/queue/stats'));
  }

  async workerStats(): Promise<Schemas['WorkerStats']> {
    return await dataOf(this.api.GET('/workers/stats'));
  }

  async dlqEntries(runId: string): Promise<Schemas['DlqEntry'][]> {
    const query = { limit: 200 };
    const { items } = await dataOf(this.api.GET('/workers/dlq/entries', { params: { query } }));
    return items.filter((entry) => entry.run_id === runId);
  }

  async replay(id: number): Promise<Schemas['ClosedEntry']> {
    return await dataOf(this.api.POST('/workers/dlq/{id}/replay', { params: { path: { id } } }));
  }

  async resolve(id: number, body: Schemas['Resolve']): Promise<Schemas['ClosedEntry']> {
    return await dataOf(this.api.POST('/workers/dlq/{id}/resolve', { params: { path: { id } }, body }));
  }
}

/** A task's own view inside its job. */
export function taskOf(job: JobView, name: string): JobView['tasks'][number] {
  const task = job.tasks.find((one) => one.name === name);
  if (task === undefined) throw new Error(`The job has no task ${name}`);
  return task;
}
