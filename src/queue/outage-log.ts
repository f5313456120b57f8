/** Where this room writes to; Nest's Logger is one. */
export interface Log {
  log(message: string): void;
  warn(message: string): void;
  debug?(message: string): void;
}

/** Says once that something failed and once that it works again, however often either is reported. */
export class OutageLog {
  private since: number | null = null;

  constructor(
    private readonly log: Log,
    private readonly subject: string,
  ) {}

  failed(error: unknown): void {
    if (this.since !== null) return;
    this.since = Date.now();
    this.log.warn(`${this.subject} does not answer, trying again until it does: ${describe(error)}`);
  }

  works(): void {
    if (this.since === null) return;
    this.log.log(`${this.subject} answers again after ${((Date.now() - this.since) / 1000).toFixed(1)} s`);
    this.since = null;
  }
}

/** The message of an error; of an AggregateError, which Node throws for a refused connection, the first one's. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
