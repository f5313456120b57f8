import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import request from 'supertest';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { HealthModule } from '../../../src/health/health.module.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from './api-application.js';

/** A way to the database that can be cut and mended. */
class Cable {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  constructor(private readonly target: URL) {}

  async mend(): Promise<URL> {
    this.server = createServer((near) => {
      const far = connect(Number(this.target.port), this.target.hostname);
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url;
  }

  async cut(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    await new Promise((resolve) => this.server!.close(resolve));
  }
}

let api: ApiApplication;
let cable: Cable;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, HealthModule], {}, undefined, async (url) => {
    cable = new Cable(new URL(url));
    return (await cable.mend()).href;
  });
}, 60_000);

afterAll(async () => {
  await api.close();
  await cable.cut();
});

const http = () => request(api.app.getHttpServer());

test('while the database is away every request is a 503 that says when to come back, and afterwards all is well', async () => {
  const definition = { name: 'survivor', tasks: [{ name: 'a', task_type: 'noop' }] };
  const dag = await http().post('/dags').send(definition).expect(201);

  await cable.cut();
  for (const answer of [
    await http().get('/dags'),
    await http()
      .post('/dags')
      .send({ ...definition, name: 'other' }),
    await http().post('/jobs').send({ dag_id: dag.body.id }),
    await http().get('/jobs/01890000-0000-7000-8000-000000000000'),
  ]) {
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 503,
      code: 'database_unavailable',
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body.detail).not.toMatch(/ECONN|pg|socket/i);
  }
  const health = await http().get('/health').expect(503);
  expect(health.body).toMatchObject({
    status: 'failed',
    checks: { database: { status: 'failed' }, loops: { status: 'ok' } },
  });
  await http().get('/health/ready').expect(503);
  await http().get('/health/live').expect(200);
  // What needs no database is answered as ever.
  await http().post('/jobs').send({}).expect(422);

  await cable.mend();
  const job = await eventually(
    async () => await http().post('/jobs').send({ dag_id: dag.body.id }).expect(201),
  );
  await http().get(`/jobs/${job.body.run_id}`).expect(200);
  await eventually(async () => await http().get('/health').expect(200));
}, 60_000);
