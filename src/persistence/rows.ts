import { DataSource, type EntityManager } from 'typeorm';
import { repeatConflicts } from './repeat-conflicts.js';

/**
 * The rows of one statement through TypeORM, which answers UPDATE and DELETE with `[rows, count]` and everything else
 * with rows. A row is never an array, so the two cannot be mistaken for each other. One that is a transaction by itself
 * is tried again after a deadlock.
 */
export async function queryRows<Row extends object>(
  through: DataSource | EntityManager,
  sql: string,
  params: unknown[] = [],
): Promise<Row[]> {
  const ask = async (): Promise<unknown> => await through.query(sql, params);
  const answer = through instanceof DataSource ? await repeatConflicts(ask) : await ask();
  if (!Array.isArray(answer)) return [];
  return (answer.length === 2 && Array.isArray(answer[0]) ? answer[0] : answer) as Row[];
}

/** SQL that writes a timestamptz as RFC 3339 UTC with milliseconds, cut like `Date.toISOString` cuts what the driver reads. */
export function isoTime(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** Conditions of a WHERE clause with their parameters, for lists with filters that may be missing. */
export class Conditions {
  readonly params: unknown[] = [];
  private readonly texts: string[] = [];

  /** Adds a condition unless its value is undefined; `?` in it stands for the value. */
  add(text: string, value: unknown): this {
    if (value === undefined) return this;
    this.texts.push(text.replaceAll('?', this.param(value)));
    return this;
  }

  /** Adds a condition without a value. */
  addText(text: string): this {
    this.texts.push(text);
    return this;
  }

  /** Adds a parameter outside the conditions. @returns its place, like `$3` */
  param(value: unknown): string {
    this.params.push(value);
    return `$${this.params.length}`;
  }

  /** `WHERE …`, or nothing. */
  get where(): string {
    return this.texts.length === 0 ? '' : `WHERE ${this.texts.join(' AND ')}`;
  }
}
