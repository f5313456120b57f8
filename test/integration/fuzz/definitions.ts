/** DAGs that are good as a whole, which a schema alone cannot say: names, dependencies and configs fit each other. */
import fc from 'fast-check';
import {
  array,
  constant,
  constantFrom,
  dictionary,
  integer,
  nat,
  oneOf,
  option,
  record,
  sampled,
  tuple,
  uniqueArray,
} from './generators.js';

const name = sampled(() =>
  fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789_'),
    minLength: 1,
    maxLength: 8,
  }),
);
const text = sampled(() => fc.string({ maxLength: 20 })).map((value) => value.replace(/\{\{/g, '{'));
const env = dictionary(
  sampled(() => fc.stringMatching(/^[A-Za-z_]{1,8}$/)).map((key) => `V${key}`),
  text,
  2,
);

/** Never run: nothing executes attempts while the fuzzer runs. */
const typed = oneOf<Record<string, unknown>>(
  record({ task_type: constant('noop') }),
  record({
    task_type: constant('shell'),
    config: record({ command: text.map((value) => `true ${value}`), env }, ['command']),
  }),
  record({
    task_type: constant('python'),
    config: record(
      {
        code: text.map((value) => `1 # ${value}`),
        args: array(
          sampled(() => fc.jsonValue({ maxDepth: 1 })),
          0,
          2,
        ),
      },
      ['code'],
    ),
  }),
  record({
    task_type: constant('http'),
    config: record<Record<string, unknown>>(
      {
        url: constantFrom('http://127.0.0.1:9/x', 'https://example.org/a?b=%20#c'),
        method: constantFrom('GET', 'POST', 'delete'),
        body: constantFrom<unknown>(
          null,
          'x',
          { a: [1, '{{ params.x }}'] },
          5e-324,
          -0,
          12345678901234567890,
        ),
        expected_status: uniqueArray(integer(100, 599), 1, 3),
      },
      ['url'],
    ),
  }),
);

const policy = record(
  {
    max_retries: option(integer(0, 10)),
    retry_base_delay: option(integer(0, 10)),
    retry_max_delay: option(integer(10, 3_600)),
    timeout_seconds: option(sampled(() => fc.double({ min: 1, max: 100, noNaN: true }))),
  },
  [],
);

const tasks = array(record({ typed, policy, upstream: array(integer(0, 20), 0, 2) }), 1, 4).map((drafts) =>
  drafts.map((draft, index) => ({
    name: `t${index}`,
    ...draft.typed,
    ...draft.policy,
    ...(index > 0 && { dependencies: [...new Set(draft.upstream.map((place) => `t${place % index}`))] }),
  })),
);

const fields = {
  description: text,
  cron_expression: constantFrom(null, '0 * * * *', '*/5 * * * * *', '@daily', '0 0 29 2 *'),
  timezone: constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu'),
  priority: constantFrom('critical', 'high', 'normal', 'low'),
  tags: uniqueArray(name, 0, 3),
};

export const definition = record(
  { name: tuple<[string, number]>(name, nat).map(([word, number]) => `${word}-${number}`), tasks, ...fields },
  ['name', 'tasks'],
);

export const definitionPart = record({ tasks, ...fields }, []);
