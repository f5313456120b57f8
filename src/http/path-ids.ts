/** Ids in paths. What cannot be an id cannot be found: 404, never 400, so that a client needs to know one answer. */
import { type PipeTransform } from '@nestjs/common';
import { DomainError, type ErrorCode } from '../domain/errors.js';
import { isUuid } from '../domain/ids.js';

/** PostgreSQL's `integer`. */
export const LARGEST_ID = 2_147_483_647;

/** Whether a number can be an id of a DAG or a DLQ entry at all. */
export function isStoredId(id: number): boolean {
  return Number.isInteger(id) && id >= 1 && id <= LARGEST_ID;
}

/** An integer id, or not found. */
export class IntegerIdPipe implements PipeTransform<string, number> {
  constructor(private readonly notFound: ErrorCode) {}

  transform(text: string): number {
    const id = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : NaN;
    if (!isStoredId(id)) throw new DomainError(this.notFound);
    return id;
  }
}

/** A run_id in its canonical spelling, or not found. */
export class RunIdPipe implements PipeTransform<string, string> {
  transform(text: string): string {
    if (!isUuid(text)) throw new DomainError('job_not_found');
    return text.toLowerCase();
  }
}
