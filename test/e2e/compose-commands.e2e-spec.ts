import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { runToEnd, startProcess, stopAllProcesses } from '../support/processes.js';
import { describeWithRedis, uniquePrefix } from '../support/redis.js';
import { PATIENCE } from './client.js';

const PROJECT = resolve(import.meta.dirname, '../..');

interface Service {
  command: string[];
  environment: Record<string, string>;
}
const { services } = parse(readFileSync(join(PROJECT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};

// What Docker would do cannot be tried here; what its containers would run can.
describeWithRedis('the commands of docker-compose.yml, run by hand', (redisUrl) => {
  let database: TestDatabase;
  const prefix = uniquePrefix();

  /** The service's own environment, with the servers of this run in place of the containers. */
  function environmentOf(name: string): Record<string, string> {
    const given = Object.entries(services[name].environment).map(([key, value]) => [
      key,
      String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
    ]);
    return {
      ...(Object.fromEntries(given) as Record<string, string>),
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl,
      QUEUE_PREFIX: prefix,
      NODE_ENV: 'production',
    };
  }

  /** Arguments of the same Node.js as runs the tests. */
  function argumentsOf(name: string): string[] {
    const [program, ...rest] = services[name].command;
    expect(program).toBe('node');
    return rest;
  }

  beforeAll(async () => {
    database = await createEmptyDatabase();
  });

  afterAll(async () => {
    await stopAllProcesses();
    await database.drop();
  });

  it('migrates, then answers 200 on /health in every role, and runs a job across them', async () => {
    const migration = await runToEnd(argumentsOf('migrate'), environmentOf('migrate'));
    expect(migration).toMatchObject({ code: 0 });
    const again = await runToEnd(argumentsOf('migrate'), environmentOf('migrate'));
    expect(again).toMatchObject({ code: 0 });

    const [api, scheduler, worker] = await Promise.all(
      ['api', 'scheduler', 'worker'].map((name) =>
        startProcess(environmentOf(name), { args: argumentsOf(name) }),
      ),
    );
    for (const [role, one] of Object.entries({ api, scheduler, worker })) {
      const health = await eventually(async () => {
        const answer = await fetch(`${one.url}/health`);
        expect(answer.status).toBe(200);
        return (await answer.json()) as { status: string; role: string };
      }, PATIENCE);
      expect(health).toMatchObject({ role });
    }

    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(api.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as { id: number; run_id: string };
    };
    const dag = await post('/dags', {
      name: 'across-the-roles',
      tasks: [{ name: 'say', task_type: 'shell', config: { command: 'echo said' } }],
    });
    const job = await post('/jobs', { dag_id: dag.id });
    await eventually(async () => {
      const answer = await fetch(`${api.url}/jobs/${job.run_id}`);
      expect(await answer.json()).toMatchObject({
        status: 'succeeded',
        tasks: [{ output: { stdout: 'said\n' } }],
      });
    }, PATIENCE);

    for (const one of [worker, scheduler, api]) expect(await one.stop()).toEqual({ code: 0, signal: null });
  });
});
