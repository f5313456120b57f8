import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/domain/json.js';
import { validateTaskConfig, validateTaskPolicy } from '../../../src/domain/task-config.js';
import { TASK_TYPES } from '../../../src/domain/task-spec.js';
import type { TaskType } from '../../../src/domain/task-spec.js';
import { aTask } from './a-task.js';

const faultsOf = (task_type: TaskType, config: JsonObject) =>
  validateTaskConfig({ task_type, config }, '/tasks/0');
const pointersOf = (task_type: TaskType, config: JsonObject) =>
  faultsOf(task_type, config).map((fault) => fault.pointer.replace('/tasks/0/config', ''));

describe('validateTaskConfig', () => {
  it.each<[TaskType, JsonObject]>([
    ['http', { url: 'http://127.0.0.1:9000/data' }],
    [
      'http',
      {
        url: 'HTTPS://example.org/?q=1',
        method: 'POST',
        headers: { 'Content-Type': 'text/plain', 'X-Count': 5 },
        body: { any: ['thing'] },
        timeout_seconds: 0.5,
        expected_status: [200, 404],
        max_response_bytes: 1_000,
        follow_redirects: false,
      },
    ],
    ['http', { url: 'http://x/', method: 'put', body: null }],
    ['python', { code: '1 + 1' }],
    [
      'python',
      { code: 'x', args: { a: 1 }, env: { A: 'b', N: 5 }, non_retryable_exceptions: ['ValueError'] },
    ],
    ['python', { code: 'x', args: [1, 2], non_retryable_exceptions: [] }],
    ['shell', { command: 'true' }],
    [
      'shell',
      { command: 'cat', env: { A: '', _b: true }, cwd: 'sub', stdin: '', non_retryable_exit_codes: [2, 255] },
    ],
    ['noop', {}],
  ])('takes %s %j', (type, config) => {
    expect(faultsOf(type, config)).toEqual([]);
  });

  it.each<[TaskType, JsonObject, string[]]>([
    ['http', {}, ['']],
    ['http', { url: '' }, ['/url']],
    ['http', { url: 5 }, ['/url']],
    ['http', { url: '/relative' }, ['/url']],
    ['http', { url: 'ftp://x/' }, ['/url']],
    ['http', { url: 'http://' }, ['/url']],
    ['http', { url: 'http://x/', method: 'BREW' }, ['/method']],
    ['http', { url: 'http://x/', method: null }, ['/method']],
    ['http', { url: 'http://x/', headers: [] }, ['/headers']],
    [
      'http',
      { url: 'http://x/', headers: { 'a b': 'c', d: 'e\r\nf: g', h: null } },
      ['/headers/a b', '/headers/d', '/headers/h'],
    ],
    ['http', { url: 'http://x/', timeout_seconds: 0 }, ['/timeout_seconds']],
    ['http', { url: 'http://x/', timeout_seconds: '5' }, ['/timeout_seconds']],
    ['http', { url: 'http://x/', expected_status: [] }, ['/expected_status']],
    [
      'http',
      { url: 'http://x/', expected_status: [200, 99, '200'] },
      ['/expected_status/1', '/expected_status/2'],
    ],
    ['http', { url: 'http://x/', max_response_bytes: 0.5 }, ['/max_response_bytes']],
    ['http', { url: 'http://x/', follow_redirects: 'yes' }, ['/follow_redirects']],
    ['http', { url: 'http://x/', 'retries/~': 3, command: 'x' }, ['/retries~1~0', '/command']],
    ['python', { code: ' \n' }, ['/code']],
    ['python', { code: ['x'], args: 'x' }, ['/code', '/args']],
    [
      'python',
      { code: 'x', env: { 'A=B': 'c', DTS_RUN_ID: 'x', OK: { no: 1 } } },
      ['/env/A=B', '/env/DTS_RUN_ID', '/env/OK'],
    ],
    ['python', { code: 'x', non_retryable_exceptions: 'ValueError' }, ['/non_retryable_exceptions']],
    ['python', { code: 'x', non_retryable_exceptions: [''] }, ['/non_retryable_exceptions/0']],
    ['shell', { command: '' }, ['/command']],
    ['shell', { code: 'x' }, ['', '/code']],
    ['shell', { command: 'x', cwd: '', stdin: 5 }, ['/cwd', '/stdin']],
    [
      'shell',
      { command: 'x', non_retryable_exit_codes: [0, 256, 1.5] },
      [0, 1, 2].map((n) => `/non_retryable_exit_codes/${n}`),
    ],
    ['noop', { anything: 1 }, ['/anything']],
    ['noop', { constructor: 1 }, ['/constructor']],
  ])('refuses %s %j', (type, config, pointers) => {
    expect(pointersOf(type, config)).toEqual(pointers);
  });

  it('takes a whole placeholder for any value but a program, and leaves its type to the run', () => {
    const any = '{{ params.x }}';
    const url = 'http://{{ params.host }}/';
    const http = {
      url,
      method: any,
      headers: any,
      timeout_seconds: any,
      expected_status: any,
      follow_redirects: any,
    };
    expect(faultsOf('http', http)).toEqual([]);
    expect(faultsOf('http', { url, expected_status: [any], headers: { A: any } })).toEqual([]);
    expect(
      pointersOf('http', { url, timeout_seconds: '5{{ params.x }}', expected_status: ['{{ 5 }}'] }),
    ).toEqual(['/timeout_seconds', '/expected_status/0']);
  });

  it('refuses an unknown type, and says which there are', () => {
    expect(validateTaskConfig({ task_type: 'perl' as TaskType, config: {} }, '/tasks/7')).toEqual([
      {
        pointer: '/tasks/7/task_type',
        message: `"perl" is not a task type: expected ${TASK_TYPES.join(', ')}.`,
      },
    ]);
  });

  it('says which keys there are when one is unknown', () => {
    expect(faultsOf('noop', { x: 1 })[0].message).toBe(
      'Unknown key "x": a task of type noop takes no config.',
    );
    expect(faultsOf('python', { code: 'x', cod: 1 })[0].message).toContain('takes code, args, env');
  });
});

describe('validateTaskPolicy', () => {
  it('takes numbers left to the environment, zero retries and zero delays', () => {
    expect(validateTaskPolicy(aTask(), '')).toEqual([]);
    const task = aTask({ max_retries: 0, retry_base_delay: 0, retry_max_delay: 0, timeout_seconds: 0.1 });
    expect(validateTaskPolicy(task, '')).toEqual([]);
  });

  it('points at every number that is out of its bounds', () => {
    const task = aTask({
      max_retries: -1,
      retry_base_delay: -0.1,
      retry_max_delay: Infinity,
      timeout_seconds: 0,
    });
    expect(validateTaskPolicy(task, '/tasks/2').map((fault) => fault.pointer)).toEqual([
      '/tasks/2/max_retries',
      '/tasks/2/retry_base_delay',
      '/tasks/2/retry_max_delay',
      '/tasks/2/timeout_seconds',
    ]);
    expect(validateTaskPolicy(aTask({ max_retries: 1.5 }), '')).toHaveLength(1);
  });

  it('refuses a first delay longer than the longest', () => {
    expect(validateTaskPolicy(aTask({ retry_base_delay: 60, retry_max_delay: 30 }), '/tasks/0')).toEqual([
      {
        pointer: '/tasks/0/retry_base_delay',
        message: 'The first delay (60 s) is longer than the longest (30 s).',
      },
    ]);
  });
});
