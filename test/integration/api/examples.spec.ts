/** Every operation of the document, called with each of its own examples as somebody would paste them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DagsModule } from '../../../src/dags/dags.module.js';
import { DAG_EXAMPLES } from '../../../src/dags/dag-examples.js';
import { DlqModule } from '../../../src/dlq/dlq.module.js';
import { EventsModule } from '../../../src/events/events.module.js';
import { HealthModule } from '../../../src/health/health.module.js';
import type { Parameter } from '../../../src/http/openapi/document.js';
import { JobsModule } from '../../../src/jobs/jobs.module.js';
import { WorkersModule } from '../../../src/workers/workers.module.js';
import { DocumentedApi, type DocumentedOperation } from '../../support/documented-api.js';
import { type ApiApplication, startApi } from './api-application.js';
import { StandInWorker } from './stand-in-worker.js';

const documented = new DocumentedApi();
let api: ApiApplication;
let worker: StandInWorker;
let url: string;
let serial = 0;

beforeAll(async () => {
  api = await startApi([DagsModule, JobsModule, DlqModule, WorkersModule, HealthModule, EventsModule]);
  worker = await StandInWorker.register(api.app);
  url = await api.app.getUrl();
}, 60_000);

afterAll(async () => {
  await api.close();
});

/** A DAG of its own with the tasks that the examples name. */
async function freshDag(): Promise<number> {
  const body = { ...DAG_EXAMPLES.pipeline.value, name: `pipeline-${(serial += 1)}` };
  return (await created('/dags', body)).id as number;
}

async function freshJob(): Promise<string> {
  return (await created('/jobs', { dag_id: await freshDag() })).run_id as string;
}

/** A job that ends because its first task fails. */
async function failedJob(): Promise<string> {
  const runId = await freshJob();
  await worker.fail(runId, 0);
  return runId;
}

/** The DLQ entry of a job whose first task has failed. */
async function freshEntry(): Promise<number> {
  const runId = await failedJob();
  const { items } = (await (await fetch(`${url}/workers/dlq/entries`)).json()) as {
    items: { id: number; run_id: string }[];
  };
  return items.find((entry) => entry.run_id === runId)!.id;
}

/** A bulk operation that runs, as no scheduler is there to work it off. */
async function freshOperation(): Promise<number> {
  const runId = await failedJob();
  const job = (await (await fetch(`${url}/jobs/${runId}`)).json()) as { dag_id: number };
  return (await created('/workers/dlq/replay', { filter: { dag_id: job.dag_id } }, 202)).id as number;
}

async function created(path: string, body: object, status = 201): Promise<Record<string, unknown>> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(status);
  return (await answer.json()) as Record<string, unknown>;
}

/**
 * What stands for the parameters of a path, by the resource they belong to: something fresh for every call. The first
 * part that fits counts.
 */
const FRESH: Record<string, () => Promise<string | number>> = {
  '/dags/{id}': freshDag,
  '/jobs/{run_id}/rerun': failedJob,
  '/jobs/{run_id}': freshJob,
  '/workers/dlq/{id}': freshEntry,
  '/workers/dlq/operations/{id}': freshOperation,
  '/tasks/{name}': async () => 'extract',
};

async function addressed(path: string): Promise<string> {
  let address = path;
  for (const [part, fresh] of Object.entries(FRESH))
    if (address.includes(part))
      address = address.replace(part, part.replace(/\{.*\}/, String(await fresh())));
  if (address.includes('{')) throw new Error(`${address}: say in FRESH what stands for its parameter`);
  return address;
}

/** Every query parameter that has an example, at once. */
function queryOf(parameters: Parameter[] = []): string {
  const query = new URLSearchParams();
  for (const { name, in: place, schema, example } of parameters as (Parameter & { example?: unknown })[]) {
    const value = example ?? schema?.examples?.[0] ?? schema?.default;
    if (place === 'query' && value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? '' : `?${query}`;
}

interface Call {
  title: string;
  query: string;
  body: string | undefined;
}

function callsOf({ method, operation }: DocumentedOperation): Call[] {
  const plain = { title: 'nothing given', query: '', body: undefined };
  const query = queryOf(operation.parameters);
  const withQuery = query === '' ? [] : [{ title: query, query, body: undefined }];
  if (method === 'get') return [plain, ...withQuery];
  if (operation.requestBody === undefined) return [plain];
  const examples = operation.requestBody.content['application/json'].examples ?? {};
  return Object.entries(examples).map(([title, example]) => ({
    title,
    query: '',
    body: JSON.stringify((example as { value: unknown }).value),
  }));
}

// The examples of others mean the DAG 1, so it has to be there before them.
const inOrder = [
  ...documented.operations.filter(({ operation }) => operation.operationId === 'createDag'),
  ...documented.operations.filter(({ operation }) => operation.operationId !== 'createDag'),
];

describe.each(inOrder.map((one) => [one.operation.operationId, one] as const))('%s', (_id, one) => {
  const calls = callsOf(one);

  test('has examples to call it with', () => {
    expect(calls).not.toHaveLength(0);
  });

  test.each(calls.map((call) => [call.title, call] as const))(
    'answers as documented: %s',
    async (_title, call) => {
      if (call.body !== undefined) expect(documented.faultsOfBody(one, JSON.parse(call.body))).toEqual([]);
      const answer = await fetch(url + (await addressed(one.path)) + call.query, {
        method: one.method.toUpperCase(),
        headers: call.body === undefined ? {} : { 'content-type': 'application/json' },
        body: call.body,
        signal: AbortSignal.timeout(20_000),
      });
      const contentType = answer.headers.get('content-type');
      // A stream never ends by itself; what it carries is another test's subject.
      const isStream = contentType?.startsWith('text/event-stream') === true;
      if (isStream) await answer.body!.cancel();
      const text = isStream ? '' : await answer.text();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      if (!answer.ok) throw new Error(`${answer.status} ${text}`);
      expect(Object.keys(one.operation.responses)).toContain(String(answer.status));
      if (!isStream)
        expect(documented.faultsOf(one, { status: answer.status, contentType, body })).toEqual([]);
      expect(answer.headers.get('x-request-id')).not.toBeNull();
    },
  );
});
