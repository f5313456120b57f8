/** Sends drafts over kept connections, several at a time, and gathers what was wrong with the answers. */
import { once } from 'node:events';
import { Pool } from 'undici';
import type { Answer, Conformance, Sent } from './conformance.js';
import type { Operation } from './document.js';
import type { Pools } from './pools.js';
import type { Draft } from './requests.js';
import { fillJson, fillText } from './tokens.js';

const CONNECTIONS = 16;
/** No answer may take longer. */
const PATIENCE_MS = 20_000;
/** How long the beginning of a stream is waited for before it is left. */
const STREAM_GLANCE_MS = 100;

export interface Finding {
  fault: string;
  operation: string;
  /** The shortest request that showed it. */
  sent: Sent;
  answer: Answer | undefined;
  times: number;
}

export interface Tally {
  requests: number;
  successes: number;
  statuses: Map<number, number>;
}

/** Called with every exchange, so that others can remember what was accepted. */
export type Witness = (sent: Sent, answer: Answer, operation: Operation | undefined) => void;

export class Driver {
  readonly findings = new Map<string, Finding>();
  readonly tallies = new Map<string, Tally>();
  sent = 0;
  private readonly pool: Pool;

  constructor(
    private readonly origin: string,
    private readonly conformance: Conformance,
    private readonly pools: Pools,
    private readonly witness: Witness,
  ) {
    this.pool = new Pool(origin, {
      connections: CONNECTIONS,
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
    });
  }

  /** Sends all of them, a few at once. */
  async send(drafts: Iterable<Draft>): Promise<void> {
    const queue = drafts[Symbol.iterator]();
    const lane = async (): Promise<void> => {
      for (let next = queue.next(); next.done !== true; next = queue.next())
        await this.exchange(this.filled(next.value));
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  }

  async exchange(sent: Sent): Promise<Answer | undefined> {
    this.sent += 1;
    const operation = this.conformance.operationOf(sent);
    let answer: Answer;
    try {
      answer = await this.ask(sent);
    } catch (error) {
      this.note(`no answer: ${String(error)}`, sent, undefined, operation);
      return undefined;
    }
    this.count(operation, answer.status);
    for (const fault of this.conformance.faultsOf(sent, answer)) this.note(fault, sent, answer, operation);
    if (answer.status < 300 && !answer.isStream) this.pools.learn(sent.target, jsonOf(answer));
    const etag = answer.headers.etag;
    if (typeof etag === 'string') this.pools.learnEtag(sent.target, etag);
    this.witness(sent, answer, operation);
    return answer;
  }

  /** A draft with what exists at this moment. */
  filled({ method, path, query, headers, body }: Draft): Sent {
    const segments: string[] = [];
    for (const segment of path.split('/')) {
      const task = /^@@pool:task:(\d+)@@$/.exec(segment);
      segments.push(
        task === null
          ? fillText(segment, this.pools)
          : this.pools.taskOf(segments.at(-2) ?? '', Number(task[1])),
      );
    }
    const address = segments.join('/') || '/';
    const asked = this.continued(address, query) ?? fillText(query.join('&'), this.pools);
    return {
      method,
      target: `${address}${asked === '' ? '' : `?${asked}`}`,
      headers: headers.map(([name, value]) => [
        name,
        this.etagFor(address, value) ?? fillText(value, this.pools),
      ]),
      body: body === null ? null : fillJson(body, this.pools),
    };
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  /** A cursor goes on with its own list and filters in every other case; else any cursor meets any list. */
  private continued(address: string, query: readonly string[]): string | undefined {
    const mark = query.find((pair) => pair.startsWith('cursor=@@pool:cursor:'));
    const pick = Number(mark?.match(/\d+/)?.[0] ?? 1);
    return pick % 2 === 0 ? this.pools.nextPageOf(address, pick) : undefined;
  }

  /** The ETag of just what is asked for, in three of four cases. */
  private etagFor(address: string, value: string): string | undefined {
    const pick = Number(/^@@pool:etag:(\d+)@@$/.exec(value)?.[1] ?? 0);
    return pick % 4 === 0 ? undefined : this.pools.etagOf(address);
  }

  private async ask(sent: Sent): Promise<Answer> {
    const { statusCode, headers, body } = await this.pool.request({
      method: sent.method,
      path: sent.target,
      headers: sent.headers.flat(),
      body: sent.body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const isStream = String(headers['content-type'] ?? '').startsWith('text/event-stream');
    if (!isStream) return { status: statusCode, headers, text: await body.text(), isStream };
    let text = '';
    body.on('data', (chunk: Buffer) => (text += chunk.toString()));
    body.on('error', () => undefined);
    await Promise.race([
      once(body, 'data').catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, STREAM_GLANCE_MS)),
    ]);
    body.destroy();
    return { status: statusCode, headers, text, isStream };
  }

  private count(operation: Operation | undefined, status: number): void {
    const name = operation?.id ?? '(none)';
    let tally = this.tallies.get(name);
    if (tally === undefined)
      this.tallies.set(name, (tally = { requests: 0, successes: 0, statuses: new Map() }));
    tally.requests += 1;
    if (status < 300) tally.successes += 1;
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
  }

  /** Of equal findings the shortest request is kept. */
  note(fault: string, sent: Sent, answer: Answer | undefined, operation: Operation | undefined): void {
    const name = operation?.id ?? '(none)';
    const key = `${name}: ${fault}`;
    const known = this.findings.get(key);
    if (known === undefined) this.findings.set(key, { fault, operation: name, sent, answer, times: 1 });
    else {
      known.times += 1;
      if (curlOf(this.origin, sent).length < curlOf(this.origin, known.sent).length)
        Object.assign(known, { sent, answer });
    }
  }

  /** All findings, for people: what, how often, and a command that shows it. */
  report(): string {
    return [...this.findings.values()]
      .slice(0, 40)
      .map(
        ({ fault, operation, sent, answer, times }) =>
          `${operation}: ${fault} (${times} times)\n  ${curlOf(this.origin, sent).slice(0, 1_500)}\n  -> ${answer?.status} ${answer?.text.slice(0, 400)}`,
      )
      .join('\n');
  }
}

/** A command that sends the same request again. */
function curlOf(origin: string, { method, target, headers, body }: Sent): string {
  const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl -sS --path-as-is -X ${method} ${quote(`${origin}${target}`)}`,
    ...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`--data-binary ${quote(body)}`]),
  ].join(' ');
}

function jsonOf({ text }: Answer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
