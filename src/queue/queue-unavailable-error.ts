/** The queue's backend did not take or answer something in time. Nothing is lost: PostgreSQL knows what is due. */
export class QueueUnavailableError extends Error {
  constructor(backend: string, cause?: unknown) {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    super(`The ${backend} queue is unavailable${reason}`, { cause });
    this.name = 'QueueUnavailableError';
  }
}
