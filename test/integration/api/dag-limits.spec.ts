import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { type ApiApplication, startApi } from './api-application.js';

let api: ApiApplication;

beforeAll(async () => {
  api = await startApi([DagsModule], { MAX_DAG_TASKS: '3', MAX_DAG_EDGES: '2' });
}, 60_000);

afterAll(async () => {
  await api.close();
});

const http = () => request(api.app.getHttpServer());

/** `size` tasks, of which `edges` wait for the first. */
const tasksOf = (size: number, edges: number) =>
  Array.from({ length: size }, (_, index) => ({
    name: `t${index}`,
    task_type: 'noop',
    dependencies: index > 0 && index <= edges ? ['t0'] : [],
  }));

const messagesOf = (errors: { message: string }[]) => errors.map((fault) => fault.message);

const TOO_MANY_TASKS = ['4 tasks; a DAG may have at most 3.'];
const TOO_MANY_EDGES = ['3 dependencies in all; a DAG may have at most 2.'];

describe('MAX_DAG_TASKS and MAX_DAG_EDGES', () => {
  test('bound what is created, changed and validated', async () => {
    const { body: dag } = await http()
      .post('/dags')
      .send({ name: 'largest', tasks: tasksOf(3, 2) })
      .expect(201);
    const doubled = [
      ...tasksOf(3, 2).slice(0, 2),
      { name: 't2', task_type: 'noop', dependencies: ['t0', 't1'] },
    ];
    for (const [tasks, messages] of [
      [tasksOf(4, 2), TOO_MANY_TASKS],
      [doubled, TOO_MANY_EDGES],
    ] as const) {
      const { body: created } = await http().post('/dags').send({ name: 'larger', tasks }).expect(422);
      expect(messagesOf(created.errors)).toEqual(messages);
      const { body: changed } = await http().patch(`/dags/${dag.id}`).send({ tasks }).expect(422);
      expect(messagesOf(changed.errors)).toEqual(messages);
      const { body: verdict } = await http()
        .post('/dags/validate')
        .send({ name: 'larger', tasks })
        .expect(200);
      expect(messagesOf(verdict.errors)).toEqual(messages);
    }
  });
});
