import { NotFoundException, PayloadTooLargeException } from '@nestjs/common';
import { describe, expect, test } from '@jest/globals';
import { DomainError, ERRORS, type ErrorCode, validationFailed } from '../../../src/domain/errors.js';
import { domainErrorOf, problemOf, retryAfterOf, statusOf } from '../../../src/http/problem.js';
import { QueueUnavailableError } from '../../../src/queue/queue-unavailable-error.js';

const REQUEST = { path: '/dags', id: 'r-1' };

const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

describe('what a client is told', () => {
  test('of our own errors: code, title, detail and faults as they are', () => {
    const error = validationFailed([{ pointer: '/name', message: 'name is required.' }]);
    expect(problemOf(error, REQUEST)).toEqual({
      type: 'urn:dts:problem:validation_failed',
      title: ERRORS.validation_failed.title,
      status: 422,
      detail: 'name is required.',
      instance: '/dags',
      code: 'validation_failed',
      errors: [{ pointer: '/name', message: 'name is required.' }],
      request_id: 'r-1',
    });
  });

  test.each([
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a server that shuts down', withCode('57P01')],
    ['our own statement timeout', withCode('57014')],
    ['what TypeORM wraps', Object.assign(new Error('QueryFailed'), { driverError: withCode('08006') })],
    ['a pool that got no connection', new Error('timeout exceeded when trying to connect')],
    ['several addresses that all refuse', new AggregateError([withCode('ECONNREFUSED')], 'all refused')],
  ])('of a database that is away (%s): 503 and when to come back', (_what, thrown) => {
    const error = domainErrorOf(thrown);
    expect(error.code).toBe('database_unavailable');
    expect(retryAfterOf(error)).toBeGreaterThan(0);
    expect(error.detail).not.toContain(thrown.message);
  });

  test('of a queue that is away: 503 too, by a code of its own', () => {
    const error = domainErrorOf(new QueueUnavailableError('redis'));
    expect(problemOf(error, REQUEST)).toMatchObject({ status: 503, code: 'queue_unavailable' });
  });

  test.each([
    ['an error', new Error('password of the database: hunter2')],
    ['a database error of ours', withCode('42P01', 'relation "secrets" does not exist')],
    ['a text', 'hunter2 secrets'],
    ['nothing', undefined],
    ['null', null],
  ])('of anything else (%s): nothing', (_what, thrown) => {
    const problem = problemOf(domainErrorOf(thrown), REQUEST);
    expect(problem).toMatchObject({ status: 500, code: 'internal', errors: [] });
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|secrets/);
  });

  test('of errors of the framework: the code for their status', () => {
    expect(domainErrorOf(new NotFoundException()).code).toBe('route_not_found');
    expect(domainErrorOf(new PayloadTooLargeException()).code).toBe('body_too_large');
    expect(domainErrorOf(Object.assign(new Error(), { status: 400 })).code).toBe('malformed_request');
    expect(domainErrorOf(Object.assign(new Error(), { status: 500 })).code).toBe('internal');
  });

  test('of a thousand and one faults: a thousand', () => {
    const faults = Array.from({ length: 1_001 }, (_, index) => ({ pointer: `/${index}`, message: 'no' }));
    const problem = problemOf(validationFailed(faults), REQUEST);
    expect(problem.errors).toHaveLength(1_000);
    expect(problem.detail).toContain('1001');
  });
});

test('every registered code has a status, and 5xx only where it is our fault', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { kind } = new DomainError(code);
    const isOurs = kind === 'internal' || kind === 'unavailable' || kind === 'busy';
    expect({ code, isServerError: statusOf(code) >= 500 }).toEqual({ code, isServerError: isOurs });
  }
});

test('a retry is offered only where it can help, and never in less than a second', () => {
  expect(retryAfterOf(new DomainError('dag_not_found'))).toBeNull();
  expect(retryAfterOf(new DomainError('internal'))).toBeNull();
  expect(retryAfterOf(new DomainError('rate_limited', 'slow down', [], { retryAfterSeconds: 0.2 }))).toBe(1);
});
