import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AppModule } from '../../../src/app.module.js';
import { DocumentedApi } from '../../support/documented-api.js';
import { heapInUse } from '../../support/heap-in-use.js';
import { type ApiApplication, startApi } from '../api/api-application.js';
import { Accepted } from './accepted.js';
import { Attempts } from './attempts.js';
import { Conformance } from './conformance.js';
import { type Operation, operationsOf } from './document.js';
import { Driver } from './driver.js';
import { type Generator, Random } from './generators.js';
import { Pools } from './pools.js';
import { type Draft, goodRequestFor, requestsFor } from './requests.js';
import { brokenInvariants, readAgain, readLists } from './stored.js';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 20_000);
/** The same drafts every time, so that a failure is of the change that shows it; FUZZ_SEED goes hunting elsewhere. */
const SEED = Number(process.env.FUZZ_SEED ?? 8);
const MINUTES = 60_000;
/** Made at a time: making them is as much work as answering them. */
const BATCH = 500;
/** Of all requests, what every operation gets at least; there are about 35 of them. */
const LEAST_SHARE = 1 / 100;
/** Of what is in use: our own memory of answers and the server's caches of DAG versions. */
const MOST_HEAP_GROWTH_BYTES = 300 * 1024 * 1024;

/** Operations that cannot succeed here, and why. */
const NEVER_SUCCEEDS: Record<string, string> = {};

let api: ApiApplication;
const documented = new DocumentedApi();
const { document } = documented;
const operations = operationsOf(documented);
const random = new Random(SEED);
let driver: Driver;
let attempts: Attempts;
const pools = new Pools();
const accepted = new Accepted();
const errors: string[] = [];
const before = { heap: 0, prototypes: '' };

const begun = Date.now();
let spoken = begun;

/** Says every few seconds how far it is: a run that hangs and one that is slow look the same otherwise. */
function progress(): void {
  if (Date.now() - spoken < 5_000) return;
  spoken = Date.now();
  const seconds = (spoken - begun) / 1_000;
  process.stderr.write(`fuzz: ${driver.sent} of ${REQUESTS} requests in ${seconds.toFixed(0)} s\n`);
}

/** What pollution would show in. */
const prototypes = (): string =>
  JSON.stringify(
    [Object.prototype, Array.prototype, Function.prototype, String.prototype].map((one) =>
      Reflect.ownKeys(one).map(String),
    ),
  );

beforeAll(async () => {
  api = await startApi((config) => [AppModule.for(config)], {
    BODY_LIMIT_BYTES: '65536',
    DATABASE_POOL_SIZE: '8',
  });
  Logger.overrideLogger({
    log: () => undefined,
    warn: () => undefined,
    error: (...parts: unknown[]) => errors.push(parts.join(' ')),
  });
  const origin = await api.app.getUrl();
  attempts = await Attempts.of(api.app);
  driver = new Driver(origin, new Conformance(documented, operations), pools, (sent, answer, operation) => {
    accepted.witness(sent, answer, operation);
    if (operation?.id === 'createJob' && answer.status === 201)
      attempts.settle(JSON.parse(answer.text) as never);
    if (operation?.id === 'deleteDag' && answer.status === 204)
      pools.remove('dag_id', Number(sent.target.split('/')[2]));
  });
  before.prototypes = prototypes();
  before.heap = heapInUse();
}, 2 * MINUTES);

afterAll(async () => {
  await driver?.close();
  await api?.close();
}, MINUTES);

function batchOf(generator: Generator<Draft>, size: number): Draft[] {
  return Array.from({ length: size }, () => generator.make(random));
}

describe(`${REQUESTS} requests from FUZZ_SEED=${SEED}`, () => {
  test(
    'are all answered as the document says, and never with an error of ours',
    async () => {
      await driver.send(
        operations
          .filter(({ id }) => /^create/.test(id))
          .flatMap((one) => batchOf(goodRequestFor(document, one), 30)),
      );
      const any = requestsFor(document, operations);
      while (driver.sent < REQUESTS) {
        await driver.send(batchOf(any, Math.min(BATCH, REQUESTS - driver.sent)));
        progress();
      }
      await attempts.done();
      expect(driver.report() + errors.slice(0, 5).join('\n')).toBe('');
    },
    10 * MINUTES,
  );

  test(
    'reach every operation often, and every one succeeds at least once',
    async () => {
      const missing = (): Operation[] =>
        operations.filter(
          ({ id }) => (driver.tallies.get(id)?.successes ?? 0) === 0 && NEVER_SUCCEEDS[id] === undefined,
        );
      for (let round = 0; round < 5; round += 1)
        await driver.send(missing().flatMap((one) => batchOf(goodRequestFor(document, one), 60)));
      expect(missing().map(({ id }) => id)).toEqual([]);
      const rare = operations.filter(
        ({ id }) => (driver.tallies.get(id)?.requests ?? 0) < REQUESTS * LEAST_SHARE,
      );
      expect(rare.map(({ id }) => id)).toEqual([]);
    },
    2 * MINUTES,
  );

  test(
    'leave nothing stored that the document or the invariants forbid, and what was accepted is as it was sent',
    async () => {
      const lengths = await readLists(driver, operations);
      await readAgain(driver, accepted);
      expect(driver.report()).toBe('');
      expect(accepted.faults.slice(0, 20)).toEqual([]);
      expect(await brokenInvariants(api.database.url)).toEqual([]);
      // A run that stored next to nothing would have looked at nothing.
      expect(lengths.get('listDags')).toBeGreaterThan(20);
      expect(lengths.get('listJobs')).toBeGreaterThan(20);
      expect(lengths.get('listDlqEntries')).toBeGreaterThan(20);
    },
    3 * MINUTES,
  );

  test('leave the process as it was', async () => {
    expect(prototypes()).toBe(before.prototypes);
    expect(Object.keys({})).toEqual([]);
    expect((await fetch(`${await api.app.getUrl()}/health`)).status).toBe(200);
    expect(heapInUse() - before.heap).toBeLessThan(MOST_HEAP_GROWTH_BYTES);
    expect(errors.slice(0, 5)).toEqual([]);
  });
});
