import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { type ApiApplication, startApi } from './api-application.js';

let api: ApiApplication;

beforeAll(async () => {
  api = await startApi([DagsModule]);
}, 60_000);

afterAll(async () => {
  await api.close();
});

const http = () => request(api.app.getHttpServer());

let serial = 0;
const uniqueName = () => `dag-${(serial += 1)}`;

const definition = (fields: object = {}) => ({
  name: uniqueName(),
  tasks: [
    { name: 'a', task_type: 'noop' },
    { name: 'b', task_type: 'noop', dependencies: ['a'] },
  ],
  ...fields,
});

const create = async (fields: object = {}) =>
  (await http().post('/dags').send(definition(fields)).expect(201)).body;

/** What this process has worked since, both ends of the connection included: not what else the machine was doing. */
const cpuMsSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

const pointersOf = (body: { errors: { pointer: string }[] }) => body.errors.map((fault) => fault.pointer);

describe('defining a DAG', () => {
  test('answers the whole DAG with its defaults and its address', async () => {
    const name = uniqueName();
    const { body, headers } = await http()
      .post('/dags')
      .send({ name, tasks: [{ name: 'only', task_type: 'noop' }] })
      .expect(201);
    expect(headers.location).toBe(`/dags/${body.id}`);
    expect(body).toEqual({
      id: expect.any(Number),
      name,
      description: '',
      cron_expression: null,
      timezone: 'UTC',
      priority: 'normal',
      tags: [],
      is_paused: false,
      version: 1,
      tasks: [
        {
          name: 'only',
          task_type: 'noop',
          config: {},
          dependencies: [],
          max_retries: null,
          retry_base_delay: null,
          retry_max_delay: null,
          timeout_seconds: null,
        },
      ],
      next_run_at: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    const read = await http().get(`/dags/${body.id}`).expect(200);
    expect(read.body).toEqual(body);
  });

  test('gives a DAG with a schedule its next tick', async () => {
    const dag = await create({ cron_expression: '0 0 1 1 *', timezone: 'Europe/Berlin' });
    expect(dag.next_run_at).toMatch(/-12-31T23:00:00\.000Z$/);
  });

  test('lets one of two requests for the same name win', async () => {
    const body = definition();
    const answers = await Promise.all([http().post('/dags').send(body), http().post('/dags').send(body)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
    const refused = answers.find((answer) => answer.status === 409)!;
    expect(refused.body.code).toBe('dag_name_taken');
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  test('tells every fault of form and of meaning at once', async () => {
    const { body } = await http()
      .post('/dags')
      .send({
        name: 5,
        colour: 'red',
        cron_expression: '61 * * * *',
        timezone: 'Mars/Olympus',
        priority: 'urgent',
        tasks: [
          { name: 'a', task_type: 'noop', dependencies: ['c'] },
          { name: 'b', task_type: 'noop', dependencies: ['a', 'nowhere'] },
          { name: 'c', task_type: 'noop', dependencies: ['b'], max_retries: 'many' },
          { name: 'no good', task_type: 'ftp', frequency: 3 },
          { name: 'd', task_type: 'shell', config: {} },
          { name: 'e', task_type: 'shell', config: { command: 'x', env: { A: '{{ tasks.d.output }}' } } },
          'f',
        ],
      })
      .expect(422);
    expect(pointersOf(body)).toEqual(
      expect.arrayContaining([
        '/colour',
        '/name',
        '/priority',
        '/cron_expression',
        '/timezone',
        '/tasks/2/max_retries',
        '/tasks/3/frequency',
        '/tasks/3/name',
        '/tasks/3/task_type',
        '/tasks/4/config',
        '/tasks/6',
        '/tasks/1/dependencies/1',
      ]),
    );
    expect(body.errors.map((fault: { message: string }) => fault.message).join('\n')).toContain(
      'a -> b -> c -> a',
    );
    expect(new Set(pointersOf(body)).size).toBe(body.errors.length);
  });

  test('names what is missing', async () => {
    const { body } = await http().post('/dags').send({}).expect(422);
    expect(body.errors).toEqual([
      { pointer: '/name', message: 'name is required.' },
      { pointer: '/tasks', message: 'tasks is required.' },
    ]);
  });

  test.each([
    ['an array', []],
    ['a text', '"dag"'],
    ['a number', '5'],
  ])('refuses %s as a body', async (_what, body) => {
    const answer = await http()
      .post('/dags')
      .set('Content-Type', 'application/json')
      .send(body as string);
    expect(answer.status).toBe(422);
    expect(pointersOf(answer.body)).toEqual(['']);
  });

  test('refuses a template that looks at a task which is not upstream', async () => {
    const { body } = await http()
      .post('/dags')
      .send(
        definition({
          tasks: [
            { name: 'a', task_type: 'noop' },
            { name: 'b', task_type: 'shell', config: { command: 'x', env: { A: '{{ tasks.a.output }}' } } },
          ],
        }),
      )
      .expect(422);
    expect(pointersOf(body)).toEqual(['/tasks/1/config/env/A']);
  });

  test('takes 10,000 tasks in little time and refuses one more', async () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => ({
      name: `t${index}`,
      task_type: 'noop',
      dependencies: index === 0 ? [] : [`t${index - 1}`],
    }));
    const before = process.cpuUsage();
    await http().post('/dags').send(definition({ tasks })).expect(201);
    expect(cpuMsSince(before)).toBeLessThan(5_000);
    const { body } = await http()
      .post('/dags')
      .send(definition({ tasks: [...tasks, { name: 'more', task_type: 'noop' }] }))
      .expect(422);
    expect(pointersOf(body)).toEqual(['/tasks']);
  });
});

test.each([' x', 'x ', ' ', 'a\r\nb', 'a\u0085b'])('a DAG cannot be named %j', async (name) => {
  const tasks = [{ name: 'a', task_type: 'noop' }];
  const { body } = await http().post('/dags').send({ name, tasks }).expect(422);
  expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual(['/name']);
});

describe('changing a DAG', () => {
  test('makes a new version only when the tasks are others', async () => {
    const dag = await create();
    const same = await http()
      .patch(`/dags/${dag.id}`)
      .send({ tasks: definition().tasks, description: 'same tasks' });
    expect(same.status).toBe(200);
    expect(same.body).toMatchObject({ version: 1, description: 'same tasks' });

    const tasks = [{ name: 'z', task_type: 'noop' }];
    const changed = await http().patch(`/dags/${dag.id}`).send({ tasks }).expect(200);
    expect(changed.body).toMatchObject({ version: 2, tasks: [{ name: 'z' }], description: 'same tasks' });

    const { body } = await http().get(`/dags/${dag.id}/versions`).expect(200);
    expect(body).toMatchObject({
      items: [
        { version: 2, tasks: [{ name: 'z' }] },
        { version: 1, tasks: [{ name: 'a' }, { name: 'b' }] },
      ],
      next_cursor: null,
    });
  });

  test('counts versions one by one when many change it at once', async () => {
    const dag = await create();
    const patches = Array.from({ length: 6 }, (_, index) =>
      http()
        .patch(`/dags/${dag.id}`)
        .send({ tasks: [{ name: `only-${index}`, task_type: 'noop' }] }),
    );
    const versions = (await Promise.all(patches)).map((answer) => answer.body.version);
    expect(versions.sort()).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test('leaves what it does not name, and changes nothing when nothing differs', async () => {
    const dag = await create({ tags: ['x'], cron_expression: '@daily' });
    const { body } = await http()
      .patch(`/dags/${dag.id}`)
      .send({ tags: ['x'] })
      .expect(200);
    expect(body).toEqual(dag);
  });

  test('sets what is null back to what a DAG has that does not say', async () => {
    const dag = await create({
      description: 'x',
      cron_expression: '@daily',
      timezone: 'Asia/Tokyo',
      priority: 'high',
      tags: ['x'],
    });
    const cleared = { description: null, cron_expression: null, timezone: null, priority: null, tags: null };
    const { body } = await http().patch(`/dags/${dag.id}`).send(cleared).expect(200);
    const defaults = {
      description: '',
      cron_expression: null,
      timezone: 'UTC',
      priority: 'normal',
      tags: [],
      next_run_at: null,
    };
    expect(body).toEqual({ ...dag, ...defaults, updated_at: body.updated_at });
    expect(await create(cleared)).toMatchObject(defaults);
  });

  test('says when, and only when something was changed', async () => {
    const dag = await create();
    expect(dag.updated_at).toBe(dag.created_at);
    const same = await http().patch(`/dags/${dag.id}`).send({ description: '' }).expect(200);
    expect(same.body.updated_at).toBe(dag.updated_at);
    const changed = await http().patch(`/dags/${dag.id}`).send({ description: 'x' }).expect(200);
    expect(Date.parse(changed.body.updated_at)).toBeGreaterThan(Date.parse(dag.updated_at));
    expect(changed.body.created_at).toBe(dag.created_at);
    const paused = await http().post(`/dags/${dag.id}/pause`).expect(200);
    expect(Date.parse(paused.body.updated_at)).toBeGreaterThan(Date.parse(changed.body.updated_at));
  });

  test('leaves each version as it was, to be paged through', async () => {
    const dag = await create();
    for (const name of ['v2', 'v3', 'v4', 'v5'])
      await http()
        .patch(`/dags/${dag.id}`)
        .send({ tasks: [{ name, task_type: 'noop' }] })
        .expect(200);
    const seen: [number, string][] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { body } = await http()
        .get(`/dags/${dag.id}/versions`)
        .query({ limit: 2, ...(cursor === undefined ? {} : { cursor }) })
        .expect(200);
      for (const { version, tasks } of body.items) seen.push([version, tasks[0].name]);
      cursor = body.next_cursor;
    }
    expect(seen).toEqual([
      [5, 'v5'],
      [4, 'v4'],
      [3, 'v3'],
      [2, 'v2'],
      [1, 'a'],
    ]);
    const foreign = (await http().get(`/dags/${dag.id}/versions?limit=1`).expect(200)).body.next_cursor;
    const other = await create();
    const { body } = await http().get(`/dags/${other.id}/versions`).query({ cursor: foreign }).expect(422);
    expect(body.code).toBe('cursor_invalid');
  });

  test('moves the next tick with the schedule, and takes it away with it', async () => {
    const dag = await create({ cron_expression: '0 0 1 1 *' });
    const moved = await http().patch(`/dags/${dag.id}`).send({ timezone: 'Asia/Tokyo' }).expect(200);
    expect(moved.body.next_run_at).toMatch(/-12-31T15:00:00\.000Z$/);
    const removed = await http().patch(`/dags/${dag.id}`).send({ cron_expression: null }).expect(200);
    expect(removed.body).toMatchObject({ cron_expression: null, next_run_at: null });
  });

  test.each([
    [{ name: null }, '/name'],
    [{ name: '' }, '/name'],
    [{ tasks: null }, '/tasks'],
    [{ tasks: [] }, '/tasks'],
    [{ tags: 'etl' }, '/tags'],
    [{ is_paused: true }, '/is_paused'],
    [{ constructor: 1 }, '/constructor'],
    [{ cron_expression: '0 0 31 2 *' }, '/cron_expression'],
  ])('refuses %j', async (patch, pointer) => {
    const dag = await create();
    const { body } = await http().patch(`/dags/${dag.id}`).send(patch).expect(422);
    expect(pointersOf(body)).toEqual([pointer]);
  });

  test('refuses the name of another, and takes that of a deleted one', async () => {
    const [one, other] = [await create(), await create()];
    const refused = await http().patch(`/dags/${one.id}`).send({ name: other.name }).expect(409);
    expect(refused.body.code).toBe('dag_name_taken');
    await http().delete(`/dags/${other.id}`).expect(204);
    await http().patch(`/dags/${one.id}`).send({ name: other.name }).expect(200);
  });
});

describe('pausing a DAG', () => {
  test('takes its next tick away until it is resumed; both are idempotent', async () => {
    const dag = await create({ cron_expression: '@daily' });
    const paused = await http().post(`/dags/${dag.id}/pause`).expect(200);
    expect(paused.body).toMatchObject({ id: dag.id, is_paused: true, next_run_at: null });
    const again = await http().post(`/dags/${dag.id}/pause`).expect(200);
    expect(again.body).toEqual(paused.body);

    const patched = await http().patch(`/dags/${dag.id}`).send({ cron_expression: '@hourly' }).expect(200);
    expect(patched.body.next_run_at).toBeNull();

    const resumed = await http().post(`/dags/${dag.id}/resume`).expect(200);
    expect(resumed.body.is_paused).toBe(false);
    expect(Date.parse(resumed.body.next_run_at)).toBeGreaterThan(Date.now() - 60_000);
    expect((await http().post(`/dags/${dag.id}/resume`).expect(200)).body).toEqual(resumed.body);
  });
});

describe('deleting a DAG', () => {
  test('makes it disappear, once', async () => {
    const dag = await create();
    await http().delete(`/dags/${dag.id}`).expect(204);
    for (const path of [`/dags/${dag.id}`, `/dags/${dag.id}/versions`])
      expect((await http().get(path).expect(404)).body.code).toBe('dag_not_found');
    await http().delete(`/dags/${dag.id}`).expect(404);
    await http().patch(`/dags/${dag.id}`).send({ description: 'x' }).expect(404);
    await http().post(`/dags/${dag.id}/pause`).expect(404);
  });
});

describe('validating a definition', () => {
  test('shows the plan and the next runs, and stores nothing', async () => {
    const name = uniqueName();
    const { body } = await http()
      .post('/dags/validate')
      .send(definition({ name, cron_expression: '0 12 * * *' }))
      .expect(200);
    expect(body).toMatchObject({
      valid: true,
      errors: [],
      plan: { levels: [['a'], ['b']], critical_path: ['a', 'b'], roots: ['a'], leaves: ['b'] },
    });
    expect(body.next_runs).toHaveLength(10);
    expect(body.next_runs[0]).toMatch(/T12:00:00\.000Z$/);
    expect((await http().get('/dags').query({ name })).body.items).toEqual([]);
  });

  /** 10,000 tasks in layers of 100, each with the edges to the layer above that make 50,000 in all. */
  const largest = () =>
    Array.from({ length: 10_000 }, (_, index) => {
      const layer = Math.floor(index / 100);
      const edges = layer === 0 ? 0 : layer === 99 ? 10 : 5;
      return {
        name: `t${index}`,
        task_type: 'noop',
        dependencies: Array.from({ length: edges }, (_e, n) => `t${(layer - 1) * 100 + ((index + n) % 100)}`),
      };
    });

  test('takes 10,000 tasks with 50,000 dependencies in little time', async () => {
    const tasks = largest();
    expect(tasks.reduce((sum, task) => sum + task.dependencies.length, 0)).toBe(50_000);
    const before = process.cpuUsage();
    const { body } = await http().post('/dags/validate').send(definition({ tasks })).expect(200);
    expect(cpuMsSince(before)).toBeLessThan(3_000);
    expect(body).toMatchObject({ valid: true, errors: [] });
    expect(body.plan.levels).toHaveLength(100);
    expect(body.plan.critical_path).toHaveLength(100);
    expect(body.plan.roots).toHaveLength(100);
  });

  test('tells all faults of so large a DAG in little time, a cycle through all layers too', async () => {
    const tasks = largest();
    tasks[9_999].dependencies[9] = 'nowhere';
    tasks[9_998].dependencies.pop();
    tasks[0].dependencies = ['t9900'];
    tasks[9_950].name = 't9951';
    const before = process.cpuUsage();
    const { body } = await http().post('/dags/validate').send(definition({ tasks })).expect(200);
    expect(cpuMsSince(before)).toBeLessThan(3_000);
    expect(body).toMatchObject({ valid: false, plan: null, next_runs: [] });
    expect(pointersOf(body)).toEqual(
      expect.arrayContaining(['/tasks/9999/dependencies/9', '/tasks/9951/name']),
    );
    expect(body.errors.map((fault: { message: string }) => fault.message).join('\n')).toMatch(
      / -> t0 -> | t0 -> /,
    );
  });

  test('refuses one dependency more for their number alone', async () => {
    const tasks = largest();
    tasks[0].dependencies = ['t9900'];
    const { body } = await http().post('/dags/validate').send(definition({ tasks })).expect(200);
    expect(pointersOf(body)).toEqual(['/tasks']);
    expect(body.errors[0].message).toContain('50001');
  });

  test('needs no name that is free, and tells what is wrong as a creation does', async () => {
    const taken = await create();
    const verdict = await http()
      .post('/dags/validate')
      .send(definition({ name: taken.name }))
      .expect(200);
    expect(verdict.body.valid).toBe(true);

    const wrong = {
      name: '',
      colour: 'red',
      timezone: 'Mars',
      cron_expression: 'x',
      tasks: [{ name: 'a b' }],
    };
    const refused = await http().post('/dags').send(wrong).expect(422);
    const told = await http().post('/dags/validate').send(wrong).expect(200);
    expect(told.body.errors).toEqual(refused.body.errors);
    expect(told.body.errors.length).toBeGreaterThan(4);
  });

  test.each([[{}], [[]], [{ name: 'x', tasks: [{ name: 'a', task_type: 'noop', dependencies: ['a'] }] }]])(
    'answers 200 with the faults of %j',
    async (body) => {
      const answer = await http().post('/dags/validate').send(body).expect(200);
      expect(answer.body).toMatchObject({ valid: false, plan: null, next_runs: [] });
      expect(answer.body.errors.length).toBeGreaterThan(0);
    },
  );
});

describe('listing DAGs', () => {
  test('pages through all that match, newest first, each once', async () => {
    const tag = uniqueName();
    const ids: number[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await create({ tags: [tag, 'other'] })).id);

    const seen: number[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const query: Record<string, string> = { tag, limit: '2', ...(cursor === null ? {} : { cursor }) };
      const { body } = await http().get('/dags').query(query).expect(200);
      seen.push(...body.items.map((dag: { id: number }) => dag.id));
      cursor = body.next_cursor;
      pages += 1;
    } while (cursor !== null);
    expect(seen).toEqual(ids.reverse());
    expect(pages).toBe(3);
  });

  test('filters by part of the name and by being paused', async () => {
    const dag = await create({ name: 'Nightly 100% Report' });
    const find = async (query: object) =>
      (await http().get('/dags').query(query).expect(200)).body.items.map((item: { id: number }) => item.id);
    expect(await find({ name: '100% rep' })).toEqual([dag.id]);
    expect(await find({ name: '100_ rep' })).toEqual([]);
    expect(await find({ name: 'nightly', is_paused: 'true' })).toEqual([]);
    expect(await find({ name: 'nightly', is_paused: 'false' })).toEqual([dag.id]);
  });

  test.each([
    ['limit=0', '/limit'],
    ['limit=201', '/limit'],
    ['limit=ten', '/limit'],
    ['limit=1&limit=2', '/limit'],
    ['is_paused=maybe', '/is_paused'],
    ['cursor=garbage', '/cursor'],
    ['page=2', '/page'],
    ['name=%00', '/name'],
  ])('refuses ?%s', async (query, pointer) => {
    const { body } = await http().get(`/dags?${query}`).expect(422);
    expect(pointersOf(body)).toEqual([pointer]);
  });

  test('refuses a cursor of other filters', async () => {
    await create();
    await create();
    const { body } = await http().get('/dags?limit=1').expect(200);
    const answer = await http()
      .get('/dags')
      .query({ limit: 1, tag: 'x', cursor: body.next_cursor })
      .expect(422);
    expect(answer.body.code).toBe('cursor_invalid');
  });
});
