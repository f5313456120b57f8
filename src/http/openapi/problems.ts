/** The error answers of every operation: for each status the codes it may carry, those that are implied included. */
import { DomainError, ERRORS, type ErrorCode } from '../../domain/errors.js';
import { PROBLEM_NOTE } from '../api-problems.js';
import { ADVICE } from '../problem-advice.js';
import { problemOf, statusOf } from '../problem.js';
import { type Answer, type Document, type Operation, operationsOf, refTo } from './document.js';

/** What any route may answer. */
const ALWAYS: ErrorCode[] = ['internal', 'overloaded', 'database_unavailable', 'host_not_allowed'];
/** What any route that reads a body may answer: all but GET do, also those that need none. */
const OF_BODIES: ErrorCode[] = [
  'malformed_json',
  'malformed_request',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
  'origin_not_allowed',
];
/** A path that cannot be decoded. */
const OF_PATHS: ErrorCode[] = ['malformed_request'];
const OF_QUERIES: ErrorCode[] = ['validation_failed'];

/** Statuses that say when to try again. */
const WITH_RETRY_AFTER = new Set([429, 503]);

export function writeProblems(document: Document): void {
  const used = new Set<ErrorCode>();
  for (const { method, operation } of operationsOf(document)) {
    const declared = takeNotes(operation);
    const implied = impliedBy(method, operation).filter(
      // A route that has a form of its own for a status, as /health has, says itself what it means.
      (code) => !(statusOf(code) in operation.responses),
    );
    for (const [status, codes] of byStatus(new Set([...declared, ...implied]))) {
      operation.responses[status] = answerOf(status, codes);
      for (const code of codes) used.add(code);
    }
  }
  document.components.examples = Object.fromEntries(
    codesIn(used).map((code) => [
      code,
      { summary: ERRORS[code].title, description: ADVICE[code], value: exampleOf(code) },
    ]),
  );
}

/** The codes that `@ApiProblems` has noted down; the notes are gone then. */
function takeNotes(operation: Operation): ErrorCode[] {
  const codes: ErrorCode[] = [];
  for (const key of Object.keys(operation)) {
    if (!key.startsWith(PROBLEM_NOTE)) continue;
    codes.push(key.slice(PROBLEM_NOTE.length) as ErrorCode);
    delete operation[key as `x-${string}`];
  }
  return codes;
}

function impliedBy(method: string, operation: Operation): ErrorCode[] {
  const places = new Set(operation.parameters?.map((parameter) => parameter.in));
  return [
    ...ALWAYS,
    ...(method === 'get' ? [] : OF_BODIES),
    ...(places.has('path') ? OF_PATHS : []),
    ...(places.has('query') ? OF_QUERIES : []),
  ];
}

/** In the order of the registry, so that the document does not depend on the order of decorators. */
function codesIn(codes: ReadonlySet<ErrorCode>): ErrorCode[] {
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => codes.has(code));
}

function byStatus(codes: ReadonlySet<ErrorCode>): Map<number, ErrorCode[]> {
  const grouped = new Map<number, ErrorCode[]>();
  for (const code of codesIn(codes))
    grouped.set(statusOf(code), [...(grouped.get(statusOf(code)) ?? []), code]);
  return grouped;
}

function answerOf(status: number, codes: readonly ErrorCode[]): Answer {
  const narrowed = { properties: { status: { const: status }, code: { enum: [...codes] } } };
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('. '),
    ...(WITH_RETRY_AFTER.has(status) && {
      headers: { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } },
    }),
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: refTo('ProblemDto') }, narrowed] },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function exampleOf(code: ErrorCode): unknown {
  const faults = ERRORS[code].kind === 'invalid' ? [{ pointer: '/name', message: 'name is required.' }] : [];
  return problemOf(new DomainError(code, undefined, faults), {
    path: '/dags/4711',
    id: '4f6c2a90-93a4-4d52-8d1f-0b8f2f8f9d11',
  });
}
