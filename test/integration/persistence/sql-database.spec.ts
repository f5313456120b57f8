import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { isDatabaseAway } from '../../../src/persistence/database-faults.js';
import { PATIENCE } from '../../../src/persistence/patience.js';
import { SqlDatabase } from '../../../src/persistence/sql-database.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { type CuttableProxy, cuttableProxy } from '../queue/cuttable-proxy.js';

let testDatabase: TestDatabase;
let database: SqlDatabase;
let admin: pg.Client;
/** Looks on from outside of `admin`'s transactions, within which statistics stand still. */
let watcher: pg.Client;
const broken: Error[] = [];

const open = (poolSize: number, url = testDatabase.url, patience = PATIENCE): SqlDatabase =>
  new SqlDatabase({
    patience,
    url,
    poolSize,
    applicationName: 'under-test',
    onConnectionError: (error) => broken.push(error),
  });

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  admin = new pg.Client({ connectionString: testDatabase.url });
  watcher = new pg.Client({ connectionString: testDatabase.url });
  await admin.connect();
  await watcher.connect();
  await admin.query('CREATE TABLE numbers (id int PRIMARY KEY, value int NOT NULL)');
  await admin.query('INSERT INTO numbers VALUES (1, 0), (2, 0)');
  // A waiting session looks for a deadlock once: the pool's when the test has had time to close the circle, ours after a
  // minute, so that the pool's has to give way.
  await admin.query(
    `ALTER DATABASE ${new URL(testDatabase.url).pathname.slice(1)} SET deadlock_timeout = '3s'`,
  );
  await admin.query(`SET deadlock_timeout = '60s'`);
  database = open(4);
});

afterAll(async () => {
  await database.close();
  await admin.end();
  await watcher.end();
  await testDatabase.drop();
});

/** Patience that does not try that of whoever runs the tests. */
const HASTE = {
  ...PATIENCE,
  statement_timeout: 1_500,
  idle_in_transaction_session_timeout: 1_500,
  query_timeout: 2_000,
};

const ONE = { name: 'one', text: 'SELECT 1 AS one' };
const ADD = { name: 'add', text: 'UPDATE numbers SET value = value + 1 WHERE id = $1 RETURNING value' };
/** Locks the rows in the order of `id` downwards. */
const ADD_ALL = {
  name: 'add-all',
  text: `WITH locked AS MATERIALIZED (SELECT id FROM numbers ORDER BY id DESC FOR UPDATE)
         UPDATE numbers n SET value = n.value + 1 FROM locked l WHERE l.id = n.id RETURNING n.id`,
};

async function values(): Promise<number[]> {
  const { rows } = await admin.query<{ value: number }>('SELECT value FROM numbers ORDER BY id');
  return rows.map((row) => row.value);
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => null,
    (error: unknown) => error,
  );
}

/** Sessions of ours: other suites use the same server, and sleep on it as well. */
const OURS = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'under-test'`;

async function untilWaiting(): Promise<void> {
  await eventually(async () => {
    const { rows } = await watcher.query(`SELECT 1 ${OURS} AND wait_event_type = 'Lock'`);
    if (rows.length === 0) throw new Error('nobody waits');
  });
}

describe('A statement', () => {
  it('that loses a deadlock is tried again', async () => {
    const before = await values();
    await admin.query('BEGIN');
    await admin.query('UPDATE numbers SET value = value + 1 WHERE id = 1');
    const added = database.query<{ id: number }>(ADD_ALL, []);
    await untilWaiting();
    // Closes the circle: it waits for row 2, which waits for our row 1.
    await admin.query('UPDATE numbers SET value = value + 1 WHERE id = 2');
    await admin.query('COMMIT');
    expect(await added).toHaveLength(2);
    expect(await values()).toEqual(before.map((value) => value + 2));
  });

  it('that fails for another reason is not tried again', async () => {
    await admin.query('CREATE SEQUENCE tries');
    const divide = { name: 'divide', text: `SELECT 1 / (nextval('tries') * 0)` };
    await expect(database.query(divide, [])).rejects.toMatchObject({ code: '22012' });
    const { rows } = await admin.query<{ last_value: string }>('SELECT last_value FROM tries');
    expect(rows).toEqual([{ last_value: '1' }]);
    await expect(database.query({ name: 'nonsense', text: 'SELECT nonsense' }, [])).rejects.toMatchObject({
      code: '42703',
    });
    expect(await database.query(ONE, [])).toEqual([{ one: 1 }]);
  });
});

describe('A statement that is cancelled because it takes too long', () => {
  it('fails as a database that cannot cope, not as a fault of what it was to store', async () => {
    const outcome = database.query({ name: 'long', text: 'SELECT pg_sleep(31)' }, []).then(
      () => null,
      (error: unknown) => error,
    );
    await eventually(async () => {
      const { rows } = await watcher.query(
        `SELECT pg_cancel_backend(pid) ${OURS} AND wait_event = 'PgSleep'`,
      );
      expect(rows).toHaveLength(1);
    });
    expect(isDatabaseAway(await outcome)).toBe(true);
    expect(await database.query(ONE, [])).toEqual([{ one: 1 }]);
  });
});

describe('A transaction', () => {
  it('that loses a deadlock runs again from its beginning', async () => {
    const before = await values();
    let runs = 0;
    let atBarrier = 0;
    let open: () => void = () => undefined;
    const barrier = new Promise<void>((resolve) => {
      open = resolve;
    });
    const addBoth = async (ids: number[]): Promise<void> =>
      await database.transaction(async (tx) => {
        runs += 1;
        await tx.query(ADD, [ids[0]]);
        atBarrier += 1;
        if (atBarrier === 2) open();
        await barrier;
        await tx.query(ADD, [ids[1]]);
      });
    await Promise.all([addBoth([1, 2]), addBoth([2, 1])]);
    expect(runs).toBeGreaterThan(2);
    expect(await values()).toEqual(before.map((value) => value + 2));
  });

  it('that fails leaves nothing behind, neither rows nor a spoilt connection', async () => {
    const before = await values();
    const single = open(1);
    try {
      const failing = single.transaction(async (tx) => {
        await tx.query(ADD, [1]);
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await single.query(ONE, [])).toEqual([{ one: 1 }]);
      expect(await values()).toEqual(before);
    } finally {
      await single.close();
    }
  });
});

describe('A connection that is cut', () => {
  const cut = async (): Promise<void> => {
    await watcher.query(`SELECT pg_terminate_backend(pid) ${OURS}`);
  };

  it('while idle is replaced, and the process lives on', async () => {
    await Promise.all([1, 2, 3].map(async () => await database.query(ONE, [])));
    broken.length = 0;
    await cut();
    await eventually(() => expect(broken.length).toBeGreaterThan(0));
    await eventually(async () => expect(await database.query(ONE, [])).toEqual([{ one: 1 }]), { everyMs: 1 });
  });

  it('under a statement fails it as a database that is away, and the next one works', async () => {
    const slow = database.query({ name: 'slow', text: 'SELECT pg_sleep(30)' }, []);
    const outcome = slow.then(
      () => null,
      (error: unknown) => error,
    );
    await eventually(async () => {
      const { rows } = await watcher.query(`SELECT 1 ${OURS} AND wait_event = 'PgSleep'`);
      expect(rows).toHaveLength(1);
    });
    await cut();
    expect(isDatabaseAway(await outcome)).toBe(true);
    await eventually(async () => expect(await database.query(ONE, [])).toEqual([{ one: 1 }]), { everyMs: 1 });
  });

  it('inside a transaction fails it as a whole, and gives the place in the pool back', async () => {
    const single = open(1);
    try {
      const before = await values();
      const outcome = await single
        .transaction(async (tx) => {
          await tx.query(ADD, [1]);
          await cut();
          await tx.query(ADD, [2]);
        })
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(isDatabaseAway(outcome)).toBe(true);
      expect(await single.query(ONE, [])).toEqual([{ one: 1 }]);
      expect(await values()).toEqual(before);
    } finally {
      await single.close();
    }
  });

  it('between two statements of a transaction does not end the process', async () => {
    const single = open(1);
    try {
      const outcome = await single
        .transaction(async (tx) => {
          await tx.query(ADD, [1]);
          broken.length = 0;
          await cut();
          await eventually(() => expect(broken.length).toBeGreaterThan(0));
        })
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(isDatabaseAway(outcome)).toBe(true);
      expect(await single.query(ONE, [])).toEqual([{ one: 1 }]);
    } finally {
      await single.close();
    }
  });
});

describe('A connection that falls silent', () => {
  const GIVEN_UP_WITHIN_MS = HASTE.query_timeout + 2_000;
  let cable: CuttableProxy;
  let behind: SqlDatabase;

  beforeEach(async () => {
    cable = await cuttableProxy(testDatabase.url);
    behind = open(3, cable.url, HASTE);
    await Promise.all([1, 2, 3].map(async () => await behind.query(ONE, [])));
  });
  afterEach(async () => {
    await cable.mend();
    await behind.close();
    await cable.close();
  });

  it('costs the statement that met it its patience, and the next ones nothing', async () => {
    cable.freezeExisting();
    const startedAt = performance.now();
    const outcome = await errorOf(behind.query(ONE, []));
    expect(isDatabaseAway(outcome)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(GIVEN_UP_WITHIN_MS);
    const afterwards = performance.now();
    for (let time = 1; time <= 3; time += 1) expect(await behind.query(ONE, [])).toEqual([{ one: 1 }]);
    expect(performance.now() - afterwards).toBeLessThan(2_000);
  });

  it('ends a transaction as soon as one statement is given up, and lets its locks go', async () => {
    const before = await values();
    const startedAt = performance.now();
    const outcome = await errorOf(
      behind.transaction(async (tx) => {
        await tx.query(ADD, [1]);
        cable.freezeExisting();
        await tx.query(ADD, [2]);
      }),
    );
    expect(isDatabaseAway(outcome)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(GIVEN_UP_WITHIN_MS);
    expect(await behind.query(ADD, [1])).toEqual([{ value: before[0] + 1 }]);
  });

  it('does not keep an insistent statement waiting', async () => {
    cable.freezeExisting();
    const startedAt = performance.now();
    expect(await behind.queryInsistently(ONE, [], 200)).toEqual([{ one: 1 }]);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

describe('A server that answers seconds late', () => {
  it('is waited for, by an insistent statement as well', async () => {
    const cable = await cuttableProxy(testDatabase.url);
    // With the patience of whoever runs: a busy machine makes the answers later still.
    const behind = open(2, cable.url);
    try {
      await Promise.all([1, 2].map(async () => await behind.query(ONE, [])));
      cable.slow(1_500);
      const answers = [behind.query(ONE, []), behind.queryInsistently(ONE, [], 200)];
      expect(await Promise.all(answers)).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    } finally {
      await cable.mend();
      await behind.close();
      await cable.close();
    }
  });
});

describe('A database that cannot be reached', () => {
  it.each([
    ['nobody listens', 'postgres://nobody@127.0.0.1:1/none'],
    ['its host has no address', 'postgres://nobody@no-such-host.invalid/none'],
  ])('is told apart: %s', async (_what, url) => {
    const away = new SqlDatabase({
      url,
      poolSize: 1,
      applicationName: 'away',
      onConnectionError: () => undefined,
    });
    try {
      const outcome = await away.query(ONE, []).then(
        () => null,
        (error: unknown) => error,
      );
      expect(isDatabaseAway(outcome)).toBe(true);
      const begun = await away
        .transaction(async () => undefined)
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(isDatabaseAway(begun)).toBe(true);
    } finally {
      await away.close();
    }
  });
});
