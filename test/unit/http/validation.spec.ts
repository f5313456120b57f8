import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { checkBody, checkQuery } from '../../../src/http/validation.js';
import { CreateJobDto } from '../../../src/jobs/create-job.dto.js';
import { ListJobsQuery } from '../../../src/jobs/list-jobs.query.dto.js';

describe('a body', () => {
  test('keeps free JSON as it was sent, keys like `constructor` included', () => {
    const params = { constructor: { deep: [1] }, toString: 2, hasOwnProperty: null };
    const { value, faults } = checkBody(CreateJobDto, { dag_id: 1, params });
    expect(faults).toEqual([]);
    expect(value.params).toBe(params);
  });

  test('has all its faults at once, each at its place', () => {
    const { faults } = checkBody(CreateJobDto, { 'dag/id': 1, priority: 5, run_at: 'soon', params: [] });
    expect(faults.map((fault) => fault.pointer).sort()).toEqual([
      '/dag_id',
      '/dag~1id',
      '/params',
      '/priority',
      '/run_at',
    ]);
  });

  test('that is missing is like an empty one', () => {
    expect(checkBody(CreateJobDto, undefined).faults).toEqual([
      { pointer: '/dag_id', message: 'dag_id is required.' },
    ]);
  });

  test.each([[null], [[]], ['text'], [5], [true]])('that is %j is no object', (body) => {
    expect(checkBody(CreateJobDto, body).faults).toEqual([
      { pointer: '', message: 'The body must be a JSON object.' },
    ]);
  });
});

describe('a query string', () => {
  test('becomes values of the right types', () => {
    const { value, faults } = checkQuery(ListJobsQuery, {
      status: 'queued,running',
      dag_id: '7',
      limit: '200',
      created_after: '2026-01-31T12:00:00Z',
    });
    expect(faults).toEqual([]);
    expect({ ...value }).toEqual({
      status: ['queued', 'running'],
      dag_id: 7,
      limit: 200,
      created_after: new Date('2026-01-31T12:00:00Z'),
    });
  });

  test.each([
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '1.5'],
    ['limit', '0x10'],
    ['limit', ' 5'],
    ['limit', ''],
    ['limit', ['1', '2']],
    ['status', ''],
    ['status', 'queued,'],
    ['status', 'QUEUED'],
    ['priority', 'urgent'],
    ['created_before', '2026-01-31'],
    ['cursor', 'x'.repeat(201)],
    ['cursor', 'x\0'],
    ['page', '1'],
    ['__proto__', '1'],
    ['constructor', '1'],
  ])('with %s=%j has exactly one fault, at its name', (key, text) => {
    const query = Object.assign(Object.create(null), { [key]: text });
    if (key === '__proto__') Object.defineProperty(query, key, { value: text, enumerable: true });
    expect(checkQuery(ListJobsQuery, query).faults.map((fault) => fault.pointer)).toEqual([`/${key}`]);
  });
});
