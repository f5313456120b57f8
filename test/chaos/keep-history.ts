import { copyFileSync, createReadStream, createWriteStream, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Arena } from './arena.js';

const PAGE = 5_000;

/** The raw history of a run: each table as lines of JSON, what the attempts witnessed, the processes' logs. */
export async function keepHistory(arena: Arena, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [table, order] of [
    ['events', 'run_id, seq'],
    ['attempts', 'run_id, idx, attempt'],
    ['tasks', 'run_id, idx'],
    ['jobs', 'run_id'],
    ['dlq_entries', 'id'],
    ['workers', 'id'],
  ])
    await zip(Readable.from(rowsOf(arena, table, order)), join(folder, `${table}.jsonl.gz`));
  for (const file of readdirSync(arena.witnessDirectory, { recursive: true, withFileTypes: true }))
    if (file.isFile())
      await zip(createReadStream(join(file.parentPath, file.name)), join(folder, `witness-${file.name}.gz`));
  for (const file of readdirSync(arena.logDirectory)) {
    copyFileSync(join(arena.logDirectory, file), join(folder, file));
  }
}

async function* rowsOf(arena: Arena, table: string, order: string): AsyncGenerator<string> {
  for (let offset = 0; ; offset += PAGE) {
    const rows = await arena.postgres.sql(
      `SELECT * FROM ${table} ORDER BY ${order} LIMIT ${PAGE} OFFSET ${offset}`,
    );
    for (const row of rows) yield `${JSON.stringify(row)}\n`;
    if (rows.length < PAGE) return;
  }
}

async function zip(from: Readable, file: string): Promise<void> {
  await pipeline(from, createGzip(), createWriteStream(file));
}
