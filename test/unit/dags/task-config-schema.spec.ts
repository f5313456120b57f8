import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/domain/json.js';
import { validateTaskConfig } from '../../../src/domain/task-config.js';
import type { TaskType } from '../../../src/domain/task-spec.js';
import { DocumentedApi } from '../../support/documented-api.js';

const documented = new DocumentedApi();
const validateDag = documented.operations.find(({ operation }) => operation.operationId === 'validateDag')!;

const isDocumented = (task_type: TaskType, config: JsonObject): boolean =>
  documented.faultsOfBody(validateDag, { name: 'x', tasks: [{ name: 'a', task_type, config }] }).length === 0;
const isAccepted = (task_type: TaskType, config: JsonObject): boolean =>
  validateTaskConfig({ task_type, config }, '').length === 0;

/** Values of every kind, near the borders of what some key takes. */
const VALUES = [
  null,
  true,
  0,
  0.5,
  1,
  99,
  100,
  255,
  256,
  599,
  600,
  604_800,
  604_801,
  67_108_864,
  67_108_865,
  '',
  ' ',
  'GET',
  'delete',
  'BREW',
  'http://127.0.0.1/',
  'HTTPS://example.org',
  'ftp://example.org',
  'text\nof two lines',
  '{{ params.x }}',
  '{{params}}',
  '{{ tasks.a.output.b }}',
  '{{ run.id }}',
  '{{ run.status }}',
  'a {{ params.x }}',
  [],
  [1],
  [200, 404],
  ['ValueError'],
  [''],
  ['{{ params.x }}'],
  [0.5],
  [700],
  {},
  { A: 'b' },
  { A: 1, b_2: false },
  { A: null },
  { A: 'b\r\nc' },
  { DTS_A: 'b' },
  { 'a b': 'c' },
  { 'Content-Type': 'text/plain' },
];

const KEYS: Record<TaskType, { base: JsonObject; keys: string[] }> = {
  http: {
    base: { url: 'http://x/' },
    keys: [
      'url',
      'method',
      'headers',
      'body',
      'timeout_seconds',
      'expected_status',
      'max_response_bytes',
      'follow_redirects',
    ],
  },
  python: { base: { code: '1' }, keys: ['code', 'args', 'env', 'non_retryable_exceptions'] },
  shell: { base: { command: 'true' }, keys: ['command', 'env', 'cwd', 'stdin', 'non_retryable_exit_codes'] },
  noop: { base: {}, keys: [] },
};

describe('the documented config of a task', () => {
  it.each(Object.keys(KEYS) as TaskType[])('lists exactly the keys that %s takes', (type) => {
    const [{ message }] = validateTaskConfig({ task_type: type, config: { ...KEYS[type].base, foo: 1 } }, '');
    const taken = / takes (?!no config)(.*)\.$/.exec(message)?.[1].split(', ') ?? [];
    expect([...KEYS[type].keys].sort()).toEqual(taken.sort());
    expect(isDocumented(type, KEYS[type].base)).toBe(true);
    expect(isDocumented(type, { ...KEYS[type].base, foo: 1 })).toBe(false);
    expect(isDocumented(type, {})).toBe(isAccepted(type, {}));
  });

  const pairs = Object.entries(KEYS).flatMap(([type, { keys }]) =>
    keys.map((key) => [type as TaskType, key]),
  );
  it.each(pairs as [TaskType, string][])('takes and refuses what the API does: %s %s', (type, key) => {
    const verdicts = (judge: typeof isAccepted) =>
      VALUES.map((value) => [value, judge(type, { ...KEYS[type].base, [key]: value as JsonObject })]);
    expect(verdicts(isDocumented)).toEqual(verdicts(isAccepted));
  });
});
