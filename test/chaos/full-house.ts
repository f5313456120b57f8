import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Schemas } from '../../client/index.js';
import { eventually } from '../support/eventually.js';
import type { Arena } from './arena.js';
import { Random } from './random.js';
import { RestlessClient } from './workload/restless-client.js';

/** Some seconds where nothing else runs; a slot that is gone is gone for good. */
const FULL_WITHIN_MS = 90_000;

/**
 * Lets every slot of every worker be taken at once: as many tasks as there are slots, none of which ends before all of them
 * run. A slot that an attempt of before has kept for itself would show. @returns what is wrong
 */
export async function slotsThatAreGone(arena: Arena): Promise<string[]> {
  const { workers, slots } = arena.settings;
  const gate = join(arena.folder, 'gate');
  const config = { command: `until test -e '${gate}'; do sleep 0.1; done` };
  const tasks = Array.from({ length: workers * slots }, (_, index) => ({
    name: `t${index}`,
    task_type: 'shell' as const,
    max_retries: 0,
    config,
  }));
  const client = new RestlessClient(() => arena.apiUrls, new Random(0));
  const create = async <Made>(path: string, body: object): Promise<Made> =>
    (await client.send({ method: 'POST', path, body, key: `full-house.${path.slice(1)}` })).body as Made;
  const { id } = await create<Schemas['Dag']>('/dags', { name: 'full-house', tasks });
  const { run_id: runId } = await create<Schemas['Job']>('/jobs', { dag_id: id });

  const ofJob = async (status: string): Promise<number> => {
    const [{ count }] = await arena.postgres.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM tasks WHERE run_id = $1 AND status = $2`,
      [runId, status],
    );
    return count;
  };
  const faults: string[] = [];
  let most = 0;
  await eventually(
    async () => {
      most = Math.max(most, await ofJob('running'));
      assert.equal(most, tasks.length);
    },
    { timeoutMs: FULL_WITHIN_MS },
  ).catch(() => faults.push(`${tasks.length - most} of ${tasks.length} slots cannot be taken`));
  writeFileSync(gate, '');
  await eventually(async () => assert.equal(await ofJob('succeeded'), tasks.length), {
    timeoutMs: FULL_WITHIN_MS,
  }).catch(() => faults.push('what took every slot did not end'));
  return faults;
}
