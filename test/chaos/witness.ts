/**
 * The outside witness: a file that knows nothing of the database. Every attempt of the workload appends a line when its
 * work begins and one when it is done, each as a single write at the end of the file, so that lines of processes that
 * write at once are never mixed.
 *
 * A line is `<what> <run id> <task> <attempt> <token> <time in ns>`. The token is the process id; an attempt that ends
 * well also names it in its output. A request of an http task knows neither attempt nor process: its attempt is 0 and
 * its token the number of the request.
 */
import { appendFileSync, chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'witness.log';

export interface WitnessLine {
  what: 'start' | 'end';
  runId: string;
  task: string;
  /** 0 for a request of an http task. */
  attempt: number;
  token: number;
  /** Microseconds since 1970, by the clock of the machine. */
  at: number;
}

export class Witness {
  /** Absolute. */
  readonly path: string;

  constructor(directory: string) {
    this.path = join(directory, FILE);
    mkdirSync(directory, { recursive: true });
    if (!existsSync(this.path)) closeSync(openSync(this.path, 'a'));
    // Attempts may run as another user.
    chmodSync(this.path, 0o666);
  }

  /** For what happens in this process. */
  write(line: Omit<WitnessLine, 'at'>): void {
    const { what, runId, task, attempt, token } = line;
    const nanoseconds = `${Date.now()}000000`;
    appendFileSync(this.path, `${what} ${runId} ${task} ${attempt} ${token} ${nanoseconds}\n`);
  }
}

/** All lines, in the order in which they were written. @throws on a line that is not one, as that must not happen */
export function readWitness(directory: string): WitnessLine[] {
  const path = join(directory, FILE);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text.split('\n').filter(Boolean).map(readLine);
}

function readLine(text: string): WitnessLine {
  const [what, runId, task, attempt, token, time, ...rest] = text.split(' ');
  if ((what !== 'start' && what !== 'end') || !/^\d+$/.test(time ?? '') || rest.length > 0)
    throw new Error(`This is no line of a witness: ${JSON.stringify(text)}`);
  // As a number, nanoseconds would lose their last digits.
  const at = Number(BigInt(time) / 1_000n);
  return { what, runId, task, attempt: Number(attempt), token: Number(token), at };
}
