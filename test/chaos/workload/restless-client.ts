import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../random.js';

export interface Answer {
  status: number;
  /** Parsed; null when there was none. */
  body: unknown;
}

export interface RestlessRequest {
  method: string;
  path: string;
  body?: unknown;
  /** Sent as `Idempotency-Key`, the same with every repetition. */
  key?: string;
}

const ANSWER_WITHIN_MS = 6_000;
const GIVE_UP_AFTER_MS = 15 * 60_000;
/**
 * Tries under way at once. Without a limit an outage would leave a crowd whose tries are all given up before their turn
 * comes, and which keeps everybody, this process with its proxies included, too busy for it ever to end.
 */
const MOST_AT_ONCE = 48;

/**
 * A client that does not take no for an answer: each try goes to any of the addresses, and is repeated until one of them
 * answers with something that is no failure of theirs.
 */
export class RestlessClient {
  /** Tries that were not answered, or with a failure of the server: how many, by what came instead. */
  readonly repeated = new Map<string, number>();
  private underWay = 0;
  private readonly line: (() => void)[] = [];

  constructor(
    private readonly urls: () => readonly string[],
    private readonly random: Random,
  ) {}

  /** Some tries are given up by the client itself the moment they are under way, as an answer that is lost. */
  async send(request: RestlessRequest, losesAnswers = 0): Promise<Answer> {
    const deadline = Date.now() + GIVE_UP_AFTER_MS;
    for (let waitMs = 50; ; waitMs = Math.min(2 * waitMs, 1_000)) {
      const isLost = this.random.chance(losesAnswers);
      const patienceMs = isLost ? this.random.integer(0, 30) : ANSWER_WITHIN_MS;
      await this.turn();
      const answer = await this.try(request, patienceMs)
        .catch((error: unknown) => String(error))
        .finally(() => this.leave());
      if (typeof answer !== 'string' && !isToRepeat(answer)) return answer;
      this.count(isLost && typeof answer === 'string' ? 'answer lost on purpose' : reasonOf(answer));
      if (Date.now() > deadline)
        throw new Error(`${request.method} ${request.path} is not answered: ${JSON.stringify(answer)}`);
      await pause(waitMs * (0.5 + this.random.next()));
    }
  }

  /** What had to be repeated, in words: the most frequent reason first. */
  tellRepeated(): string {
    const reasons = [...this.repeated].sort(([, one], [, other]) => other - one);
    const total = reasons.reduce((sum, [, count]) => sum + count, 0);
    return `${total} tries were repeated (${reasons.map(([reason, count]) => `${count} × ${reason}`).join(', ')})`;
  }

  private count(reason: string): void {
    this.repeated.set(reason, (this.repeated.get(reason) ?? 0) + 1);
  }

  private async turn(): Promise<void> {
    if (this.underWay < MOST_AT_ONCE) this.underWay += 1;
    else await new Promise<void>((resolve) => this.line.push(resolve));
  }

  /** Hands the place over to whoever waits longest. */
  private leave(): void {
    const next = this.line.shift();
    if (next === undefined) this.underWay -= 1;
    else next();
  }

  private async try({ method, path, body, key }: RestlessRequest, withinMs: number): Promise<Answer> {
    const urls = this.urls();
    if (urls.length === 0) throw new Error('there is no API');
    const answer = await fetch(this.random.pick(urls) + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(withinMs),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }
}

function reasonOf(answer: Answer | string): string {
  if (typeof answer === 'string') return answer;
  return [answer.status, codeOf(answer)].filter(Boolean).join(' ');
}

function codeOf({ body }: Answer): unknown {
  return (body as { code?: unknown } | null)?.code;
}

/** The server's trouble, or an earlier try of the same request that is still under way. */
function isToRepeat(answer: Answer): boolean {
  const { status } = answer;
  return status >= 500 || status === 429 || (status === 409 && codeOf(answer) === 'request_in_progress');
}
