/** What was promised to be stored, to be compared with what is. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer, Sent } from './conformance.js';
import type { Operation } from './document.js';

type Fields = Record<string, unknown>;

/** What a missing field stands for, and null. */
const DAG_DEFAULTS: Fields = {
  description: '',
  cron_expression: null,
  timezone: 'UTC',
  priority: 'normal',
  tags: [],
};
const TASK_DEFAULTS: Fields = {
  config: {},
  dependencies: [],
  max_retries: null,
  retry_base_delay: null,
  retry_max_delay: null,
  timeout_seconds: null,
};

export class Accepted {
  readonly faults: string[] = [];
  /** Tasks by DAG and version; they never change. */
  readonly versions = new Map<number, Map<number, unknown>>();
  /** Params by job. */
  readonly params = new Map<string, unknown>();

  /** Compares an answer of success with what was asked for. */
  witness(sent: Sent, answer: Answer, operation: Operation | undefined): void {
    if (answer.status >= 300 || sent.body === null) return;
    // What an idempotency key brings back is as it is now, which may be something else by now.
    if (answer.headers['idempotent-replayed'] !== undefined) return;
    if (operation?.id === 'createDag') this.dag({ ...DAG_DEFAULTS, ...json(sent.body) }, json(answer.text));
    else if (operation?.id === 'patchDag') this.dag(json(sent.body), json(answer.text));
    else if (operation?.id === 'createJob') this.job(json(sent.body), json(answer.text));
    else if (operation?.id === 'createJobBatch') this.batch(json(sent.body), json(answer.text));
  }

  private dag(wanted: Fields, got: Fields): void {
    const { tasks, ...fields } = wanted;
    for (const [key, value] of Object.entries(fields))
      this.expectSame(`DAG.${key}`, value ?? DAG_DEFAULTS[key], got[key]);
    if (tasks !== undefined)
      this.expectSame(
        'DAG.tasks',
        (tasks as Fields[]).map((task) => ({ ...TASK_DEFAULTS, ...withoutUndefined(task) })),
        (got.tasks as Fields[]).map((task) => ({ ...TASK_DEFAULTS, ...task })),
      );
    const id = got.id as number;
    if (!this.versions.has(id)) this.versions.set(id, new Map());
    this.versions.get(id)?.set(got.version as number, got.tasks);
  }

  private batch(wanted: Fields, got: Fields): void {
    const [jobs, items] = [wanted.jobs as Fields[], got.items as Fields[]];
    this.expectSame('number of jobs', jobs.length, items.length);
    jobs.forEach((job, place) => this.job(job, items[place] ?? {}));
  }

  private job(wanted: Fields, got: Fields): void {
    this.expectSame('job.params', wanted.params ?? {}, got.params);
    this.expectSame('job.dag_id', wanted.dag_id, got.dag_id);
    if (wanted.priority !== undefined) this.expectSame('job.priority', wanted.priority, got.priority);
    if (typeof wanted.run_at === 'string')
      this.expectSame(
        'job.run_at',
        new Date(wanted.run_at.replace(' ', 'T')).toISOString(),
        got.scheduled_for,
      );
    this.params.set(got.run_id as string, got.params);
  }

  /** Numbers compare as JSON writes them, where -0 is 0. */
  expectSame(what: string, wanted: unknown, got: unknown): void {
    if (isDeepStrictEqual(json(JSON.stringify(wanted)), json(JSON.stringify(got ?? null)))) return;
    this.faults.push(
      `${what}: wanted ${JSON.stringify(wanted)?.slice(0, 400)}, got ${JSON.stringify(got)?.slice(0, 400)}`,
    );
  }
}

function withoutUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function json(text: string): Fields {
  return JSON.parse(text.replace(/^\ufeff/, '')) as Fields;
}
