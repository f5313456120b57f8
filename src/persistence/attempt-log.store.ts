import type { AttemptRef } from '../domain/attempt-id.js';
import type { LogStream } from '../domain/log-piece.js';
import type { SqlDatabase, Statement } from './sql-database.js';

/** A piece of a log with its place, as it is stored. */
export interface PlacedPiece {
  ref: AttemptRef;
  fromByte: number;
  stream: LogStream;
  atMs: number;
  text: string;
  /** Of the attempt, up to the end of this piece. */
  leftOutBytes: number;
}

/** A piece that is there already was stored by an earlier try whose answer was lost. */
const APPEND: Statement = {
  name: 'append-attempt-logs',
  text: `INSERT INTO attempt_logs (run_id, idx, attempt, from_byte, stream, at, text, left_out_bytes)
         SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::timestamptz[], $7::text[], $8::bigint[])
         ON CONFLICT DO NOTHING`,
};

/** Where workers leave what their attempts write. */
export class AttemptLogStore {
  constructor(private readonly database: SqlDatabase) {}

  /** Repeating it changes nothing. */
  async append(pieces: readonly PlacedPiece[]): Promise<void> {
    await this.database.query(APPEND, [
      pieces.map(({ ref }) => ref.runId),
      pieces.map(({ ref }) => ref.idx),
      pieces.map(({ ref }) => ref.attempt),
      pieces.map(({ fromByte }) => fromByte),
      pieces.map(({ stream }) => stream),
      pieces.map(({ atMs }) => new Date(atMs).toISOString()),
      pieces.map(({ text }) => text),
      pieces.map(({ leftOutBytes }) => leftOutBytes),
    ]);
  }
}
