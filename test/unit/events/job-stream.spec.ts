import { describe, expect, test } from '@jest/globals';
import type { EventEnvelope } from '../../../src/domain/events.js';
import { JobStream } from '../../../src/events/job-stream.js';
import { Outlet } from '../../../src/events/outlet.js';
import { Parcel } from '../../../src/events/parcel.js';
import type { EventStore } from '../../../src/persistence/event.store.js';
import { eventually } from '../../support/eventually.js';

class Reader extends Outlet {
  seqs: number[] = [];
  isOpen = true;
  kept = 0;

  rests = 0;

  send({ messages }: Parcel): void {
    this.seqs.push(...messages.map(({ seq }) => seq));
  }
  override atRest(): void {
    this.rests += 1;
  }
  backlog(): number {
    return this.kept;
  }
  isLagging(): boolean {
    return this.kept > 0;
  }
  isOverrun(): boolean {
    return false;
  }
  drop(): void {
    this.isOpen = false;
  }
}

const parcel = (...seqs: number[]): Parcel => Parcel.ofJob(seqs.map(event));
const event = (seq: number): EventEnvelope => ({
  seq,
  type: 'task.queued',
  run_id: 'run',
  dag_id: 1,
  task: 'a',
  attempt: 1,
  at: '2026-01-31T12:00:00.000Z',
  data: {},
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** The event table, with as many events as the test says. */
class Table {
  last = 0;
  reads = 0;
  failures = 0;

  async list(_runId: string, after: number, limit: number): Promise<EventEnvelope[]> {
    this.reads += 1;
    if (this.failures-- > 0) throw new Error('the database is away');
    return range(after + 1, Math.min(this.last, after + limit)).map(event);
  }
}

function stream(): { table: Table; reader: Reader; jobStream: JobStream } {
  const [table, reader] = [new Table(), new Reader()];
  return { table, reader, jobStream: new JobStream('run', reader, table as unknown as EventStore) };
}

describe('the stream of one job', () => {
  test('reads everything behind its beginning, page by page', async () => {
    const { table, reader, jobStream } = stream();
    table.last = 1_234;
    jobStream.begin(7);
    await eventually(() => expect(jobStream.restingAt).toBe(1_234));
    expect(reader.seqs).toEqual(range(8, 1_234));
  });

  test('takes what it is offered without asking the table, and what it has already not again', async () => {
    const { table, reader, jobStream } = stream();
    jobStream.begin(0);
    await eventually(() => expect(jobStream.restingAt).toBe(0));
    const reads = table.reads;
    table.last = 3;
    jobStream.offer(parcel(1, 2));
    jobStream.offer(parcel(1, 2, 3));
    expect(reader.seqs).toEqual([1, 2, 3]);
    expect(table.reads).toBe(reads);
  });

  test('fills a gap from the table before it goes on', async () => {
    const { table, reader, jobStream } = stream();
    jobStream.begin(0);
    await eventually(() => expect(jobStream.restingAt).toBe(0));
    table.last = 5;
    jobStream.offer(parcel(5));
    await eventually(() => expect(jobStream.restingAt).toBe(5));
    expect(reader.seqs).toEqual([1, 2, 3, 4, 5]);
  });

  test('does not miss what is offered while it reads', async () => {
    const { table, reader, jobStream } = stream();
    table.last = 2;
    jobStream.begin(0);
    table.last = 4;
    jobStream.offer(parcel(3, 4));
    await eventually(() => expect(jobStream.restingAt).toBe(4));
    expect(reader.seqs).toEqual([1, 2, 3, 4]);
  });

  test('keeps nothing for a reader that lags: it goes on from the table when the reader does', async () => {
    const { table, reader, jobStream } = stream();
    jobStream.begin(0);
    await eventually(() => expect(jobStream.restingAt).toBe(0));
    reader.kept = 1;
    table.last = 2;
    jobStream.offer(parcel(1, 2));
    expect(reader.seqs).toEqual([]);
    reader.kept = 0;
    await eventually(() => expect(reader.seqs).toEqual([1, 2]));
  });

  test('tries again while the table cannot be read', async () => {
    const { table, reader, jobStream } = stream();
    [table.last, table.failures] = [1, 1];
    jobStream.begin(0);
    await eventually(() => expect(reader.seqs).toEqual([1]));
  });

  test('says whenever the reader has all there is, and not before', async () => {
    const { table, reader, jobStream } = stream();
    table.last = 250;
    jobStream.begin(0);
    await eventually(() => expect(reader.seqs).toHaveLength(250));
    await eventually(() => expect(reader.rests).toBe(1));
    jobStream.offer(parcel(249, 250));
    expect(reader.rests).toBe(1);
    jobStream.offer(parcel(250, 251));
    expect(reader.rests).toBe(2);
    expect(reader.seqs).toEqual(range(1, 251));
  });
});
