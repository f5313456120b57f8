/** Entity tags and the conditional requests made with them, as RFC 9110 §8.8.3 and §13.1 say. */
import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { DomainError } from '../domain/errors.js';
import { ApiProblems } from './api-problems.js';

export interface EntityTag {
  isWeak: boolean;
  /** What stands between the quotes. */
  tag: string;
}

const ONE_TAG = /[ \t]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*/y;

/** What `If-Match` or `If-None-Match` lists; null when it is malformed. Empty elements of a list do not count. */
export function parseEntityTags(header: string): '*' | EntityTag[] | null {
  if (header.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  for (let at = 0; at < header.length; at += 1) {
    ONE_TAG.lastIndex = at;
    const found = ONE_TAG.exec(header);
    if (found !== null) {
      tags.push({ isWeak: found[1] !== undefined, tag: found[2] });
      at = ONE_TAG.lastIndex;
    }
    // Each tag, or the nothing between two commas, ends at a comma or at the end.
    while (header[at] === ' ' || header[at] === '\t') at += 1;
    if (at < header.length && header[at] !== ',') return null;
  }
  return tags.length > 0 ? tags : null;
}

/** Whether a client that sent `If-None-Match` has what `etag` stands for. Weak comparison; malformed matches nothing. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch === undefined ? null : parseEntityTags(ifNoneMatch);
  if (known === null || known === '*') return known === '*';
  return known.some(({ tag }) => `"${tag}"` === etag);
}

/**
 * The tags with which a change is allowed; null: with any. Strong comparison, so weak ones allow nothing.
 *
 * @throws DomainError `malformed_request`: to ignore a precondition is to overwrite what it should protect
 */
export function allowedTags(ifMatch: string | undefined): string[] | null {
  if (ifMatch === undefined) return null;
  const tags = parseEntityTags(ifMatch);
  if (tags === null)
    throw new DomainError('malformed_request', 'If-Match must be * or a list of ETags in double quotes.');
  return tags === '*' ? null : tags.filter(({ isWeak }) => !isWeak).map(({ tag }) => tag);
}

/** The header `ETag` of an answer, for its document. */
export const ETAG_HEADER = {
  ETag: {
    schema: { type: 'string' as const },
    description: 'Changes with the DAG; for If-Match and If-None-Match',
  },
};

/** Documents `If-Match` and what it may lead to. */
export function ApiIfMatch(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'An ETag, a list of them, or `*`: only if it is still in that state',
      schema: { type: 'string' },
    }),
    ApiProblems('precondition_failed', 'malformed_request'),
  );
}

/** Documents `If-None-Match` and its 304. */
export function ApiIfNoneMatch(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'An ETag, a list of them, or `*`: only if it is in none of these states',
      schema: { type: 'string' },
    }),
    ApiResponse({ status: 304, description: 'It is still in that state; no body', headers: ETAG_HEADER }),
  );
}
