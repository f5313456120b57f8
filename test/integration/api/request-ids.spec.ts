import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Body, Controller, Get, Logger, Module, Param, Post } from '@nestjs/common';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { SqlDatabase } from '../../../src/persistence/sql-database.js';
import { PersistenceModule } from '../../../src/persistence/persistence.module.js';
import { ProcessLogger } from '../../../src/process-logger.js';
import { eventually } from '../../support/eventually.js';
import { type ApiApplication, startApi } from './api-application.js';

/** Routes that write what a real one might, at every turn of their work. */
@Controller('probe')
class ProbeController {
  private readonly logger = new Logger('Probe');

  constructor(
    private readonly source: DataSource,
    private readonly database: SqlDatabase,
  ) {}

  @Get('steps/:name')
  async steps(@Param('name') name: string): Promise<object> {
    this.logger.log(`${name} begins`);
    await this.source.query('SELECT pg_sleep(0.01)');
    this.logger.warn(`${name} has read`);
    await this.database.query({ name: 'probe', text: 'SELECT pg_sleep(0.01)' }, []);
    this.logger.debug(`${name} has written`);
    await pause(1);
    setImmediate(() => this.logger.error(`${name} ends`, 'a stack'));
    await pause(5);
    return {};
  }

  @Post('body')
  body(@Body() body: unknown): object {
    this.logger.log(`got ${JSON.stringify(body).length} characters`);
    return {};
  }

  @Get('fault')
  fault(): never {
    throw new Error('the fault');
  }

  @Get('later')
  later(): object {
    setTimeout(() => this.logger.log('long after'), 100);
    return {};
  }
}

@Module({ imports: [PersistenceModule], controllers: [ProbeController] })
class ProbeModule {}

let api: ApiApplication;
let lines: string[];

beforeAll(async () => {
  api = await startApi([ProbeModule]);
  Logger.overrideLogger(new ProcessLogger({ level: 'debug', hasColours: false }));
}, 60_000);
afterAll(async () => {
  Logger.overrideLogger(false);
  await api.close();
});

beforeEach(() => {
  lines = [];
  const keep = (chunk: unknown): boolean => lines.push(String(chunk)) > 0;
  jest.spyOn(process.stdout, 'write').mockImplementation(keep);
  jest.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => void jest.restoreAllMocks());

const http = () => request(api.app.getHttpServer());
const linesWith = (text: string): string[] => lines.filter((line) => line.includes(text));

describe('every line that is written while a request is served', () => {
  test('has its id, behind awaits of either pool and timers, whatever the level', async () => {
    await http().get('/probe/steps/one').set('X-Request-Id', 'mine-1').expect(200);
    const written = linesWith(' one ');
    expect(written).toHaveLength(4);
    for (const line of written) expect(line).toMatch(/ (?:LOG|WARN|DEBUG|ERROR) \[Probe\] \[mine-1\] one /);
  });

  test('has its own, however many are served at once', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `n${n}`);
    await Promise.all(
      names.map((name) => http().get(`/probe/steps/${name}`).set('X-Request-Id', `id-${name}`).expect(200)),
    );
    for (const name of names) {
      const written = linesWith(` ${name} `);
      expect(written).toHaveLength(4);
      for (const line of written) expect(line).toContain(`[id-${name}] ${name} `);
    }
  });

  test('has the id that was made for it, the one of the answer', async () => {
    const { headers } = await http().get('/probe/steps/made').expect(200);
    expect(linesWith(' made ')).toHaveLength(4);
    for (const line of linesWith(' made ')) expect(line).toContain(`[${headers['x-request-id']}] made `);
  });

  test('has it also behind a body that came in many pieces', async () => {
    const text = 'x'.repeat(900_000);
    await http().post('/probe/body').set('X-Request-Id', 'big').send({ text }).expect(201);
    expect(linesWith('characters')).toEqual([expect.stringContaining('[Probe] [big] got 900')]);
  });

  test('has it once when a fault of ours is written, as the problem has it', async () => {
    const { body } = await http().get('/probe/fault').set('X-Request-Id', 'bad-1').expect(500);
    expect(body.request_id).toBe('bad-1');
    const [line] = linesWith('/probe/fault');
    expect(line).toContain('[Http] [bad-1] GET /probe/fault: internal');
    expect(line.match(/bad-1/g)).toHaveLength(1);
  });
});

test('a line of nobody’s request has no id, be it written long after the answer to the one that caused it', async () => {
  new Logger('Outside').log('no request');
  await http().get('/probe/later').set('X-Request-Id', 'gone').expect(200);
  await eventually(() => expect(linesWith('long after')).toHaveLength(1));
  for (const line of [...linesWith('no request'), ...linesWith('long after')])
    expect(line).toMatch(/\[(?:Outside|Probe)\] (?:no request|long after)/);
});
