import type { SqlDatabase, SqlTransaction, Statement } from '../../src/persistence/sql-database.js';
import type { MemoryTransaction } from './memory-database.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { World } from './world.js';

/** What `pg` says when the connection goes: whether the statement was carried out, nobody knows. */
export function databaseAway(): Error {
  return new Error('Connection terminated unexpectedly');
}

/**
 * The database as one process reaches it: every statement and every answer is on its way for as long as the scheduler of
 * the simulation likes; some arrive never, of some the answer is lost.
 */
export class ProcessDatabase {
  private readonly open = new Set<MemoryTransaction>();

  constructor(
    private readonly world: World,
    private readonly process: SimulatedProcess,
  ) {}

  async query<Row>(statement: Statement, params: readonly unknown[]): Promise<Row[]> {
    return (await this.call(
      statement.name,
      async () => await this.world.execute(statement, params, null),
    )) as Row[];
  }

  /** Here one way to the database is like another. */
  async queryInsistently<Row>(statement: Statement, params: readonly unknown[]): Promise<Row[]> {
    return await this.query(statement, params);
  }

  async transaction<Result>(work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    const transaction = this.world.memory.begin();
    this.open.add(transaction);
    const inside = {
      query: async (statement: Statement, params: readonly unknown[]) =>
        await this.call(statement.name, async () => await this.world.execute(statement, params, transaction)),
    };
    try {
      const result = await work(inside as unknown as SqlTransaction);
      await this.call('COMMIT', async () => transaction.commit());
      return result;
    } finally {
      transaction.rollBack();
      this.open.delete(transaction);
    }
  }

  /** The connections of a process that is gone: PostgreSQL rolls back. */
  hangUp(): void {
    for (const transaction of this.open) transaction.rollBack();
  }

  asSqlDatabase(): SqlDatabase {
    return this as unknown as SqlDatabase;
  }

  private async call<Result>(what: string, carryOut: () => Promise<Result>): Promise<Result> {
    return await this.process.call(what, carryOut, databaseAway);
  }
}
