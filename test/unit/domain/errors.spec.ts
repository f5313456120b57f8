import { describe, expect, it } from '@jest/globals';
import { DomainError, ERRORS, validationFailed } from '../../../src/domain/errors.js';
import type { ErrorCode } from '../../../src/domain/errors.js';

describe('the registry of errors', () => {
  it('has snake_case codes, and a title of its own for each', () => {
    const codes = Object.keys(ERRORS);
    for (const code of codes) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(new Set(Object.values(ERRORS).map((entry) => entry.title)).size).toBe(codes.length);
  });

  it.each(Object.keys(ERRORS) as ErrorCode[])('makes an error of %s with its kind and title', (code) => {
    const error = new DomainError(code);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      code,
      ...ERRORS[code],
      detail: ERRORS[code].title,
      faults: [],
      retryAfterSeconds: null,
    });
  });
});

describe('DomainError', () => {
  it('carries what happened, the faults, the cause and the time to wait', () => {
    const cause = new Error('socket closed');
    const error = new DomainError('database_unavailable', 'No answer in 5 s.', [], {
      cause,
      retryAfterSeconds: 3,
    });
    expect(error).toMatchObject({
      message: 'No answer in 5 s.',
      detail: 'No answer in 5 s.',
      cause,
      retryAfterSeconds: 3,
    });
  });
});

describe('validationFailed', () => {
  it('says the one fault, or how many there are', () => {
    const fault = { pointer: '/name', message: 'Expected a text.' };
    expect(validationFailed([fault])).toMatchObject({
      code: 'validation_failed',
      detail: fault.message,
      faults: [fault],
    });
    expect(validationFailed([fault, fault]).detail).toBe('The request has 2 faults.');
  });
});
