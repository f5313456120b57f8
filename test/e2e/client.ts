import type { EventEnvelope } from '../../src/domain/events.js';
import type { JobView, AttemptView } from '../../src/persistence/job-query.store.js';
import type { DlqEntryView } from '../../src/persistence/dlq-query.store.js';
import type { WorkerView } from '../../src/persistence/worker-query.store.js';
import { eventually } from '../support/eventually.js';

/** A loaded machine takes its time; nothing here waits longer than it has to. */
export const PATIENCE = { timeoutMs: 45_000, everyMs: 50 };

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface TaskOfDag {
  name: string;
  task_type: 'http' | 'python' | 'shell' | 'noop';
  config?: Record<string, unknown>;
  dependencies?: string[];
  max_retries?: number;
  retry_base_delay?: number;
  timeout_seconds?: number;
}

interface Problem {
  code: string;
  title: string;
}

/** The product as its users reach it: one API process over HTTP. */
export class Client {
  constructor(private readonly url: string) {}

  /** One request; the body of an answer without one is null. */
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

  async createDag(name: string, tasks: TaskOfDag[], more: Record<string, unknown> = {}): Promise<number> {
    const dag = await this.expect<{ id: number }>(201, 'POST', '/dags', { name, tasks, ...more });
    return dag.id;
  }

  async startJob(dagId: number, more: Record<string, unknown> = {}): Promise<JobView> {
    return await this.expect<JobView>(201, 'POST', '/jobs', { dag_id: dagId, ...more });
  }

  async job(runId: string): Promise<JobView> {
    return await this.expect<JobView>(200, 'GET', `/jobs/${runId}`);
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

  async jobsOf(dagId: number): Promise<JobView[]> {
    return (await this.expect<{ items: JobView[] }>(200, 'GET', `/jobs?dag_id=${dagId}&limit=200`)).items;
  }

  async events(runId: string): Promise<EventEnvelope[]> {
    const events: EventEnvelope[] = [];
    for (;;) {
      const since = events.at(-1)?.seq ?? 0;
      const path = `/jobs/${runId}/events?limit=200&since=${since}`;
      const { items } = await this.expect<{ items: EventEnvelope[] }>(200, 'GET', path);
      events.push(...items);
      if (items.length < 200) return events;
    }
  }

  async attempts(runId: string, task: string): Promise<AttemptView[]> {
    const path = `/jobs/${runId}/tasks/${task}/attempts`;
    return (await this.expect<{ items: AttemptView[] }>(200, 'GET', path)).items;
  }

  async workers(): Promise<WorkerView[]> {
    return (await this.expect<{ items: WorkerView[] }>(200, 'GET', '/workers')).items;
  }

  async dlqEntries(runId: string): Promise<DlqEntryView[]> {
    const { items } = await this.expect<{ items: DlqEntryView[] }>(
      200,
      'GET',
      '/workers/dlq/entries?limit=200',
    );
    return items.filter((entry) => entry.run_id === runId);
  }
}

/** A task's own view inside its job. */
export function taskOf(job: JobView, name: string): JobView['tasks'][number] {
  const task = job.tasks.find((one) => one.name === name);
  if (task === undefined) throw new Error(`The job has no task ${name}`);
  return task;
}
