import { beforeEach, describe, expect, it } from '@jest/globals';
import { uuidv7 } from '../../../src/domain/ids.js';
import type { Statement } from '../../../src/persistence/sql-database.js';
import { MemoryDatabase } from '../../simulation/memory-database.js';
import { addDag } from '../../simulation/model/memory-installation.js';
import { noop } from '../../support/engine.js';

const START: Statement = { name: 'start', text: '' };
const CANCEL_LOCK: Statement = { name: 'cancel-lock', text: '' };
const CANCEL: Statement = { name: 'cancel', text: '' };
const REGISTER: Statement = { name: 'worker-register', text: '' };
const CLAIM: Statement = { name: 'claim', text: '' };
const ZERO = '00000000-0000-4000-8000-000000000000';
const RUN_ID = uuidv7(1, ZERO);
const WORKER_ID = '00000000-0000-4000-8000-000000000001';

let memory: MemoryDatabase;
beforeEach(async () => {
  memory = new MemoryDatabase();
  const dagId = addDag(memory, [noop('a'), noop('b', ['a'])], null);
  const one = [[RUN_ID], [dagId], ['manual'], [null], ['{}'], [null], [null]];
  await memory.query(START, [...one, 3, 0, 0]);
  await memory.query(REGISTER, [WORKER_ID, 'here', 1, 1, '0', 15]);
});

function statuses(): string[] {
  return memory.tables.tasksOf(RUN_ID).map((task) => task.status);
}

async function claimFirst(): Promise<unknown[]> {
  return await memory.query(CLAIM, [[RUN_ID], [0], [1], WORKER_ID]);
}

describe('The memory database', () => {
  it('refuses a statement that it has no rule for', async () => {
    await expect(memory.query({ name: 'brand-new', text: 'SELECT 1' }, [])).rejects.toThrow('"brand-new"');
  });

  it('shows what a transaction has done once it has committed, and not before', async () => {
    const transaction = memory.begin();
    await transaction.query(CANCEL_LOCK, [[RUN_ID]]);
    await transaction.query(CANCEL, [[RUN_ID]]);
    expect(statuses()).toEqual(['queued', 'blocked']);
    transaction.commit();
    expect(statuses()).toEqual(['cancelled', 'cancelled']);
  });

  it('forgets what a transaction has done that is rolled back', async () => {
    const transaction = memory.begin();
    await transaction.query(CANCEL_LOCK, [[RUN_ID]]);
    await transaction.query(CANCEL, [[RUN_ID]]);
    transaction.rollBack();
    transaction.commit();
    expect(statuses()).toEqual(['queued', 'blocked']);
    expect(await claimFirst()).toHaveLength(1);
  });

  it('lets a statement wait for the transaction that holds its job', async () => {
    const transaction = memory.begin();
    await transaction.query(CANCEL_LOCK, [[RUN_ID]]);
    const claiming = claimFirst();
    await transaction.query(CANCEL, [[RUN_ID]]);
    transaction.commit();
    expect(await claiming).toEqual([]);
    expect(statuses()).toEqual(['cancelled', 'cancelled']);
  });

  it('undoes all of a statement that breaks a constraint', async () => {
    const again = uuidv7(2, ZERO);
    const two = [
      [again, RUN_ID],
      [1, 1],
      ['manual', 'manual'],
      [null, null],
      ['{}', '{}'],
      [null, null],
      [null, null],
    ];
    await expect(memory.query(START, [...two, 3, 0, 0])).rejects.toMatchObject({ code: '23505' });
    expect(memory.tables.jobs.all()).toHaveLength(1);
  });
});
