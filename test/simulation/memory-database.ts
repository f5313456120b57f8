import type { SqlDatabase, SqlTransaction, Statement } from '../../src/persistence/sql-database.js';
import { RULES } from './rules/by-statement.js';
import type { Change } from './table.js';
import { Tables } from './tables.js';

/**
 * The engine's database in memory: each statement by name, atomic, as the rule that its SQL is to follow. A test against
 * PostgreSQL holds the two to each other (test/integration/engine/model.spec.ts).
 *
 * What it leaves out: the age of a statement's snapshot, since a statement here looks at nothing before it has its locks.
 * That, races.spec.ts tests on PostgreSQL itself.
 */
export class MemoryDatabase {
  readonly tables = new Tables();
  /** What transactions hold: jobs by run id, and idempotency keys. */
  private readonly held = new Map<string, MemoryTransaction>();

  /** Runs one statement as a transaction of its own, once nobody else holds what it locks. */
  async query<Row>(statement: Statement, params: readonly unknown[]): Promise<Row[]> {
    return (await this.run(statement, params, null)) as Row[];
  }

  /** It always answers. */
  async queryInsistently<Row>(statement: Statement, params: readonly unknown[]): Promise<Row[]> {
    return await this.query(statement, params);
  }

  /** What `work` does is seen by others when it has ended, and never if it throws. */
  async transaction<Result>(work: (tx: SqlTransaction) => Promise<Result>): Promise<Result> {
    const transaction = this.begin();
    try {
      const result = await work(transaction as unknown as SqlTransaction);
      transaction.commit();
      return result;
    } finally {
      transaction.rollBack();
    }
  }

  begin(): MemoryTransaction {
    return new MemoryTransaction(this);
  }

  /** The same, for those who want a database that is PostgreSQL. */
  asSqlDatabase(): SqlDatabase {
    return this as unknown as SqlDatabase;
  }

  /** As `query`, inside a transaction or outside any. */
  async run(
    statement: Statement,
    params: readonly unknown[],
    transaction: MemoryTransaction | null,
  ): Promise<object[]> {
    const rule = RULES[statement.name];
    if (rule === undefined) throw new Error(`The memory database has no rule for "${statement.name}"`);
    const wanted = rule.locks(params);
    for (let holder = this.holderOf(wanted, transaction); holder !== null;) {
      await holder.ended;
      holder = this.holderOf(wanted, transaction);
    }
    if (transaction?.isOpen === false) throw new Error('The transaction has ended meanwhile');
    const { tables } = this;
    tables.isHeld = (what) => this.holderOf([what], transaction) !== null;
    tables.hold = (what) => transaction !== null && this.held.set(what, transaction);
    for (const runId of wanted) tables.hold(runId);
    return this.inOneGo(transaction?.changes ?? null, () => rule.apply(tables, params));
  }

  letGo(transaction: MemoryTransaction): void {
    for (const [what, holder] of this.held) if (holder === transaction) this.held.delete(what);
  }

  private holderOf(
    wanted: readonly string[],
    transaction: MemoryTransaction | null,
  ): MemoryTransaction | null {
    for (const what of wanted) {
      const holder = this.held.get(what);
      if (holder !== undefined && holder !== transaction) return holder;
    }
    return null;
  }

  /**
   * All of a statement or nothing. What a transaction did before is there while it runs, and gone again when others
   * look: `own` is what will be there at its end.
   */
  private inOneGo(own: Change[] | null, statement: () => object[]): object[] {
    const changes: Change[] = [];
    for (const change of own ?? []) change.redo();
    this.tables.now += 1;
    this.tables.journal = (change) => changes.push(change);
    try {
      const rows = statement();
      own?.push(...changes);
      return rows;
    } catch (error) {
      undo(changes);
      throw error;
    } finally {
      this.tables.journal = () => undefined;
      undo(own ?? []);
    }
  }
}

function undo(changes: readonly Change[]): void {
  for (const change of [...changes].reverse()) change.undo();
}

/** Several statements, seen by others at the end or never. */
export class MemoryTransaction {
  /** What it has done so far. */
  readonly changes: Change[] = [];
  /** Resolves when it holds nothing any more. */
  readonly ended: Promise<void>;
  private tellEnded: () => void = () => undefined;
  isOpen = true;

  constructor(private readonly database: MemoryDatabase) {
    this.ended = new Promise((resolve) => {
      this.tellEnded = resolve;
    });
  }

  async query<Row>(statement: Statement, params: readonly unknown[]): Promise<Row[]> {
    return (await this.database.run(statement, params, this)) as Row[];
  }

  commit(): void {
    if (this.isOpen) for (const change of this.changes) change.redo();
    this.rollBack();
  }

  /** Does nothing once it has ended. */
  rollBack(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.database.letGo(this);
    this.tellEnded();
  }
}
