/** One change of one row: enough to take it back and to make it again. */
export interface Change {
  undo: () => void;
  redo: () => void;
}

/** The key of a row among those of its table, or of several columns. */
export function keyOf(...columns: readonly (string | number)[]): string {
  return columns.join('.');
}

/** Rows by key. A row is replaced and never changed, so that whoever has read one keeps what it read. */
export class Table<Row extends object> {
  private readonly rows = new Map<string, Row>();

  /**
   * @param journal told of every change
   * @param check throws when a row breaks a constraint
   */
  constructor(
    private readonly keyOfRow: (row: Row) => string,
    private readonly journal: (change: Change) => void,
    private readonly check: (row: Row, others: Iterable<Row>) => void = () => undefined,
  ) {}

  get(...columns: readonly (string | number)[]): Row | undefined {
    return this.rows.get(keyOf(...columns));
  }

  /** In the order in which they were added. */
  all(): Row[] {
    return [...this.rows.values()];
  }

  add(row: Row): void {
    const key = this.keyOfRow(row);
    if (this.rows.has(key)) throw new ConstraintViolation('23505', `${key} is there already`);
    this.set(key, row);
  }

  /** @returns the row as it is now */
  change(row: Row, changes: Partial<Row>): Row {
    const changed = { ...row, ...changes };
    this.set(this.keyOfRow(row), changed);
    return changed;
  }

  remove(row: Row): void {
    this.set(this.keyOfRow(row), undefined);
  }

  private set(key: string, row: Row | undefined): void {
    const before = this.rows.get(key);
    if (row !== undefined) this.check(row, this.rows.values());
    const put = (value: Row | undefined): void => {
      if (value === undefined) this.rows.delete(key);
      else this.rows.set(key, value);
    };
    put(row);
    this.journal({ undo: () => put(before), redo: () => put(row) });
  }
}

/** What PostgreSQL says when a row breaks a constraint: the whole statement is undone. */
export class ConstraintViolation extends Error {
  constructor(
    readonly code: '23505' | '23514',
    message: string,
  ) {
    super(message);
  }
}
