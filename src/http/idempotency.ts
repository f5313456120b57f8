/**
 * The header `Idempotency-Key` of creating requests: a client that does not know whether its request has arrived sends it
 * again with the same key, and gets what the first one has made.
 *
 * A route reads the key with `idempotencyKeyOf`, hands it to the statement that has the effect (see
 * persistence/idempotency-key.store.ts), answers a verdict with `replayedResource`, and documents all of it with
 * `@ApiIdempotent(Dto)`.
 */
import { createHash } from 'node:crypto';
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, type ApiResponseOptions } from '@nestjs/swagger';
import type { Response } from 'express';
import { DomainError } from '../domain/errors.js';
import type { IdempotencyKey, KeyVerdict } from '../persistence/idempotency-key.store.js';
import { ApiProblems } from './api-problems.js';
import { canonicalJson } from './canonical-json.js';

export const IDEMPOTENCY_KEY = 'Idempotency-Key';
const REPLAYED = 'Idempotent-Replayed';

/** Visible ASCII. Two headers of this name arrive joined by a comma and a space. */
const ACCEPTABLE = /^[\x21-\x7e]{1,255}$/;

/** Everybody, as nobody says who they are. */
const CALLER = 'anonymous';

/** What is in progress takes milliseconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * @param header as it came; undefined: the request has no key
 * @param route method and path, with the ids in it
 * @throws DomainError `idempotency_key_invalid`, which does not repeat the key
 */
export function idempotencyKeyOf(
  header: string | undefined,
  route: string,
  body: unknown,
): IdempotencyKey | undefined {
  if (header === undefined) return undefined;
  if (!ACCEPTABLE.test(header))
    throw new DomainError(
      'idempotency_key_invalid',
      `${IDEMPOTENCY_KEY} must be one header of 1 to 255 visible ASCII characters, without spaces.`,
    );
  return { route, caller: CALLER, digest: sha256(header), fingerprint: sha256(canonicalJson(body)) };
}

/** The id of what the key has made. @throws DomainError `idempotency_key_reused`, `request_in_progress` */
export function replayedResource(verdict: KeyVerdict): string {
  switch (verdict.kind) {
    case 'replayed':
      return verdict.resource;
    case 'key_reused':
      throw new DomainError(
        'idempotency_key_reused',
        `This ${IDEMPOTENCY_KEY} came with another body before; a new request needs a new key.`,
      );
    case 'key_in_progress':
      throw new DomainError('request_in_progress', undefined, [], {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
  }
}

/** Says whether an answer shows something new (201; 202: that has only begun) or what was there (200). */
export function markCreation(response: Response, isReplay: boolean, statusOfNew: 201 | 202 = 201): void {
  response.status(isReplay ? 200 : statusOfNew);
  if (isReplay) response.setHeader(REPLAYED, 'true');
}

/** Documents the header and its answers on a route that answers 201 with `dto`, and `headers` in either case. */
export function ApiIdempotent(dto: Type, headers: ApiResponseOptions['headers'] = {}): MethodDecorator {
  return applyDecorators(
    ApiIdempotencyKey(),
    ApiOkResponse({
      type: dto,
      description: 'What an earlier request with this key has made, as it is now',
      headers: { ...headers, ...REPLAY_HEADERS },
    }),
  );
}

/** The header of an answer that shows what was there. */
export const REPLAYED_HEADER = {
  [REPLAYED]: { schema: { type: 'string' as const, enum: ['true'] }, description: 'Nothing new was made' },
};

/** The same, of what has an address. */
export const REPLAY_HEADERS = {
  Location: { schema: { type: 'string' as const }, description: 'Its address' },
  ...REPLAYED_HEADER,
};

/** Documents the header and its refusals, on a route that says itself what it answers with 200. */
export function ApiIdempotencyKey(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: IDEMPOTENCY_KEY,
      required: false,
      description:
        'Makes it safe to send the request again: the same key with the same body makes nothing new for 24 hours.',
      schema: { type: 'string', pattern: '^[!-~]{1,255}$', maxLength: 255 },
    }),
    ApiProblems('request_in_progress', 'idempotency_key_reused', 'idempotency_key_invalid'),
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
