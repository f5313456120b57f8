/** What answers have shown to exist, so that requests about it get past the door. */
type Id = string | number;

const MAX_REMEMBERED = 300;
/** Picked while nothing is known yet. */
const NOTHING: Record<string, Id> = {
  run_id: '01890000-0000-7000-8000-000000000000',
  task: 'extract',
  etag: '"1-1-0"',
};

export class Pools {
  private readonly values = new Map<string, Id[]>();
  private readonly tasksOfRun = new Map<Id, string[]>();
  private readonly etags = new Map<string, string>();

  add(pool: string, value: Id): void {
    let known = this.values.get(pool);
    if (known === undefined) this.values.set(pool, (known = []));
    if (known.includes(value)) return;
    known.push(value);
    if (known.length > MAX_REMEMBERED) known.shift();
  }

  remove(pool: string, value: Id): void {
    const known = this.values.get(pool) ?? [];
    const at = known.indexOf(value);
    if (at >= 0) known.splice(at, 1);
  }

  pick(pool: string, pick: number): Id {
    const known = this.values.get(pool) ?? [];
    return known.length === 0 ? (NOTHING[pool] ?? 1) : known[pick % known.length];
  }

  all(pool: string): readonly Id[] {
    return this.values.get(pool) ?? [];
  }

  /** A task of the job a path speaks of. */
  taskOf(runId: string, pick: number): string {
    const names = this.tasksOfRun.get(runId) ?? ['extract'];
    return names[pick % names.length];
  }

  /** The ETag last seen of what an address shows or changes. */
  etagOf(address: string): string | undefined {
    return this.etags.get(dagOf(address));
  }

  learnEtag(target: string, etag: string): void {
    this.add('etag', etag);
    if (this.etags.size < 5_000) this.etags.set(dagOf(target), etag);
  }

  /** A query that asks for a following page of this list. */
  nextPageOf(address: string, pick: number): string | undefined {
    const known = this.all(`pages of ${address}`);
    return known.length === 0 ? undefined : String(known[pick % known.length]);
  }

  private learnCursor(target: string, cursor: string): void {
    this.add('cursor', cursor);
    const [address, query = ''] = target.split('?');
    const filters = query.split('&').filter((pair) => pair !== '' && !pair.startsWith('cursor='));
    this.add(`pages of ${address}`, [...filters, `cursor=${cursor}`].join('&'));
  }

  /** Remembers every id an answer names, wherever it stands. */
  learn(target: string, body: unknown): void {
    if (Array.isArray(body)) for (const item of body.slice(0, 50)) this.learn(target, item);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
    const fields = body as Record<string, unknown>;
    if (typeof fields.run_id === 'string') this.learnJob(fields.run_id, fields);
    if (typeof fields.id === 'number' || typeof fields.id === 'string') this.add(poolFor(fields), fields.id);
    if (fields.task_name !== undefined && typeof fields.dag_id === 'number')
      this.add('entry_dag_id', fields.dag_id);
    if (typeof fields.next_cursor === 'string') this.learnCursor(target, fields.next_cursor);
    for (const key of ['items', 'entry', 'job', 'entries', 'jobs', 'operation'])
      this.learn(target, fields[key]);
  }

  private learnJob(runId: string, fields: Record<string, unknown>): void {
    this.add('run_id', runId);
    if (typeof fields.task_name === 'string') this.add('task', fields.task_name);
    if (!Array.isArray(fields.tasks) || this.tasksOfRun.size > 5_000) return;
    const names = fields.tasks.map((task) => (task as { name?: unknown }).name);
    this.tasksOfRun.set(
      runId,
      names.filter((name) => typeof name === 'string'),
    );
    for (const name of this.tasksOfRun.get(runId)?.slice(0, 3) ?? []) this.add('task', name);
  }
}

/** What kind of thing it is whose `id` this is. */
function poolFor(fields: Record<string, unknown>): string {
  if (fields.task_name !== undefined) return 'dlq_id';
  // Those that have ended are seldom of use.
  if (fields.matched !== undefined) return fields.status === 'running' ? 'operation_id' : 'other';
  return fields.tasks === undefined && fields.cron_expression === undefined ? 'other' : 'dag_id';
}

/** All addresses below a DAG speak of the DAG. */
function dagOf(target: string): string {
  return target.split('?', 1)[0].split('/', 3).join('/');
}
