import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { type Document, operationsOf } from '../../../src/http/openapi/document.js';
import { faultsOf } from './openapi-rules.js';

const FILE = resolve(import.meta.dirname, '../../../docs/openapi.json');

/** What the linter may say, and why we let it. */
const EXCUSED: { rule: string; at: RegExp; because: string }[] = [
  {
    rule: 'no-ambiguous-paths',
    at: /~1workers~1dlq~1\{id\}~1(replay|resolve)/,
    because: 'Ids are integers, and `operations` is none.',
  },
];

describe('the OpenAPI document', () => {
  let source: string;
  let document: Document;

  beforeAll(() => {
    source = readFileSync(FILE, 'utf8');
    document = JSON.parse(source) as Document;
  });

  it('passes the recommended rules of the linter, and those about examples and parameters', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        'no-invalid-media-type-examples': { severity: 'error', allowAdditionalProperties: false },
        'no-invalid-parameter-examples': { severity: 'error', allowAdditionalProperties: false },
        'no-invalid-schema-examples': { severity: 'error', allowAdditionalProperties: false },
        'operation-tag-defined': 'error',
        'parameter-description': 'error',
      },
    });
    const problems = await lintFromString({ source, absoluteRef: FILE, config });
    const lines = problems.map(
      ({ ruleId, message, location: [place] }) => `${ruleId} at ${place.pointer}: ${message}`,
    );
    expect([...new Set(lines.filter((line) => !isExcused(line)))]).toEqual([]);
    const unneeded = EXCUSED.filter((excuse) => !lines.some((line) => covers(excuse, line)));
    expect(unneeded).toEqual([]);
  }, 60_000);

  it('passes our own rules', () => {
    expect(faultsOf(document)).toEqual([]);
  });

  it('gives every operation an operationId of its own', () => {
    const ids = operationsOf(document).map(({ operation }) => operation.operationId);
    expect(ids.filter((id, place) => ids.indexOf(id) !== place)).toEqual([]);
  });
});

function isExcused(line: string): boolean {
  return EXCUSED.some((excuse) => covers(excuse, line));
}

function covers({ rule, at }: { rule: string; at: RegExp }, line: string): boolean {
  return line.startsWith(`${rule} `) && at.test(line);
}
