import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { loadConfig } from '../../../src/config/load-config.js';
import type { LogPiece } from '../../../src/domain/log-piece.js';
import type { AttemptLogStore, PlacedPiece } from '../../../src/persistence/attempt-log.store.js';
import { AttemptLogs } from '../../../src/runtime/attempt-logs.js';
import { eventually } from '../../support/eventually.js';

const RUN_ID = '0190f5c0-7b1c-7000-8000-000000000001';
const [ONE, TWO] = [`${RUN_ID}.0.1`, `${RUN_ID}.1.1`];

/** A database that can be slow, away, or refuse what holds a word. */
class Database {
  readonly stored: PlacedPiece[] = [];
  appends = 0;
  answer: Promise<void> = Promise.resolve();
  isAway = false;
  /** Stores and then loses the answer, once. */
  losesAnswer = false;
  refuses: string | null = null;

  async append(pieces: readonly PlacedPiece[]): Promise<void> {
    this.appends += 1;
    await this.answer;
    if (this.isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    const refused = this.refuses;
    if (refused !== null && pieces.some(({ text }) => text.includes(refused))) throw new Error('refused');
    for (const piece of pieces) {
      const isThere = this.stored.some(
        ({ ref, fromByte }) => ref.idx === piece.ref.idx && fromByte === piece.fromByte,
      );
      if (!isThere) this.stored.push(piece);
    }
    if (this.losesAnswer) {
      this.losesAnswer = false;
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    }
  }

  textOf(idx: number): string {
    return this.stored
      .filter(({ ref }) => ref.idx === idx)
      .map(({ text }) => text)
      .join('');
  }

  /** Fails unless the pieces of a task follow each other without a gap. */
  expectGapless(idx: number): void {
    let end = 0;
    for (const { ref, fromByte, text } of this.stored) {
      if (ref.idx !== idx) continue;
      expect(fromByte).toBe(end);
      end += Buffer.byteLength(text);
    }
  }
}

const out = (text: string): LogPiece => ({ stream: 'stdout', atMs: 0, text, leftOutBytes: 0 });

let database: Database;
let logs: AttemptLogs;
beforeEach(() => {
  Logger.overrideLogger(false);
  database = new Database();
  logs = new AttemptLogs(database as unknown as AttemptLogStore, loadConfig({}));
});
afterEach(() => logs.onApplicationShutdown());

describe('The logs of a worker', () => {
  it('are stored in order, each attempt by itself, and what comes during a write goes into the next', async () => {
    let release = (): void => undefined;
    database.answer = new Promise((resolve) => (release = resolve));
    logs.take(ONE, [out('a')]);
    await eventually(() => expect(database.appends).toBe(1));
    for (const text of ['b', 'é', 'd']) logs.take(ONE, [out(text)]);
    logs.take(TWO, [out('x')]);
    release();
    await Promise.all([logs.end(ONE), logs.end(TWO)]);
    expect(database.textOf(0)).toBe('abéd');
    expect(database.textOf(1)).toBe('x');
    database.expectGapless(0);
    // `a`; then whatever waited, in one write per attempt at most.
    expect(database.appends).toBeLessThanOrEqual(3);
  });

  it('of an attempt that wrote nothing are not waited for', () => {
    expect(logs.end(ONE)).toBeNull();
    expect(database.appends).toBe(0);
  });

  it('hold an attempt up for a second at most, and are written when the database is back', async () => {
    database.isAway = true;
    logs.take(ONE, [out('kept')]);
    const startedAt = performance.now();
    await logs.end(ONE);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(database.stored).toEqual([]);
    database.isAway = false;
    await eventually(() => expect(database.textOf(0)).toBe('kept'));
  });

  it('are not doubled when the answer of a write is lost', async () => {
    database.losesAnswer = true;
    logs.take(ONE, [out('once ')]);
    await eventually(() => expect(database.textOf(0)).toBe('once '));
    logs.take(ONE, [out('more')]);
    await logs.end(ONE);
    expect(database.textOf(0)).toBe('once more');
    database.expectGapless(0);
  });

  it('have a marker in place of what cannot be stored, and harm no other attempt', async () => {
    database.refuses = 'bad';
    logs.take(ONE, [out('bad')]);
    logs.take(TWO, [out('good')]);
    await eventually(() => expect(database.textOf(0)).toBe('\n[... 3 bytes left out ...]\n'));
    logs.take(ONE, [out('after')]);
    await Promise.all([logs.end(ONE), logs.end(TWO)]);
    expect(database.textOf(0)).toBe('\n[... 3 bytes left out ...]\nafter');
    expect(database.stored.filter(({ ref }) => ref.idx === 0).at(-1)).toMatchObject({ leftOutBytes: 3 });
    expect(database.textOf(1)).toBe('good');
    database.expectGapless(0);
  });

  it('are given up when not even a marker can be stored', async () => {
    database.refuses = '';
    logs.take(ONE, [out('one')]);
    await eventually(() => expect(database.appends).toBe(2));
    logs.take(ONE, [out('two')]);
    expect(logs.end(ONE)).toBeNull();
    expect(database.appends).toBe(2);
  });

  it('never hold more than a limit while the database is away, and say what they dropped', async () => {
    database.isAway = true;
    const mebibyte = 'x'.repeat(1_048_576);
    for (let count = 0; count < 20; count += 1) logs.take(ONE, [out(mebibyte)]);
    logs.take(TWO, [out(mebibyte)]);
    const ended = Promise.all([logs.end(ONE), logs.end(TWO)]);
    database.isAway = false;
    await ended;
    await eventually(() => {
      expect(database.textOf(0)).toBe(`${mebibyte.repeat(16)}\n[... ${4 * 1_048_576} bytes left out ...]\n`);
      expect(database.textOf(1)).toBe('\n[... 1048576 bytes left out ...]\n');
    });
    database.expectGapless(0);
    // Room again.
    const again = `${RUN_ID}.2.1`;
    logs.take(again, [out(mebibyte)]);
    await logs.end(again);
    expect(database.textOf(2)).toBe(mebibyte);
  });
});
