import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, startProcess, stopAllProcesses } from '../support/processes.js';
import { freePort } from '../support/redis-server.mjs';
import { Client, type JobView, PATIENCE, taskOf } from './client.js';
import { processesWith } from './process-marks.js';

const README = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
const BLOCKS = [...README.matchAll(/^```sh quickstart\n([^]*?)^```$/gm)].map(([, block]) => block);

/** The addresses in them, for which the test has its own. */
const SERVER = '127.0.0.1:8000';
const SOURCE = '9000';
const ADDRESSES = /127\.0\.0\.1:8000|9000/g;

/** One bash into which blocks are pasted one after the other, as a reader does. */
class Terminal {
  private readonly shell: ChildProcess;
  private readonly ended: Promise<void>;
  private output = '';

  constructor() {
    this.shell = spawn('bash', { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const keep = (chunk: Buffer) => (this.output += chunk.toString());
    this.shell.stdout?.on('data', keep);
    this.shell.stderr?.on('data', keep);
    this.ended = new Promise((settle) => this.shell.once('exit', () => settle()));
  }

  /** @returns what the block printed */
  async paste(block: string, number: number): Promise<string> {
    const done = `end-of-block-${number}`;
    this.output = '';
    this.shell.stdin?.write(`${block}\necho; echo ${done}\n`);
    return await eventually(() => {
      const end = this.output.indexOf(done);
      if (end < 0) throw new Error(`The block has not ended yet:\n${block}\n${this.output}`);
      return this.output.slice(0, end).trim();
    }, PATIENCE);
  }

  /** Ends it and what it put into the background. */
  async close(): Promise<void> {
    if (this.shell.pid !== undefined) process.kill(-this.shell.pid, 'SIGKILL');
    await this.ended;
  }
}

/** The last line that is JSON. */
function printed<Body>(output: string): Body {
  return JSON.parse(output.slice(output.search(/^\{/m))) as Body;
}

describe('the quick start of the README', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'dts-test-readme-'));
  let terminal: Terminal;
  let server: RunningProcess;
  let client: Client;
  let blocks: string[];

  /** As `npm start` runs it, without its two steps of set-up: no address of any server is given. */
  async function start(): Promise<void> {
    server = await startProcess({ DATA_DIRECTORY: dataDirectory }, { until: '/health' });
    client = new Client(server.url);
  }

  beforeAll(async () => {
    // Root lends PostgreSQL another user, who must be able to pass here.
    chmodSync(dataDirectory, 0o711);
    await start();
    const sourcePort = await freePort();
    const ours: Record<string, string> = { [SERVER]: new URL(server.url).host, [SOURCE]: String(sourcePort) };
    // In one go: the port of the one may have the other in it.
    blocks = BLOCKS.map((block) => block.replaceAll(ADDRESSES, (address) => ours[address]));
    terminal = new Terminal();
  });

  afterAll(async () => {
    await terminal.close();
    await stopAllProcesses();
    rmSync(dataDirectory, { recursive: true, force: true });
    rmSync('/tmp/dts-repaired', { force: true });
  });

  it('has its five blocks, and names no port but the two', () => {
    expect(BLOCKS).toHaveLength(5);
    expect(BLOCKS.join('').replaceAll(ADDRESSES, '')).not.toMatch(/8000|9000/);
  });

  it('runs a DAG from http over python to shell, and prints the result', async () => {
    const dag = printed<{ id: number }>(await terminal.paste(blocks[0], 0));
    expect(dag).toMatchObject({ name: 'first-dag', version: 1 });
    const { run_id: runId } = printed<JobView>(await terminal.paste(blocks[1], 1));
    // On an idle machine what was printed says so already.
    const job = await client.jobWhen(runId, 'succeeded');
    expect(job).toMatchObject({ dag_id: dag.id, priority: 'high' });
    expect(taskOf(job, 'load').output).toMatchObject({ stdout: 'loaded 3 rows, total 6\n' });
    expect(await terminal.paste(blocks[2], 2)).toBe('loaded 3 rows, total 6');
  });

  it('buries a failing task, and ends its job after the replay', async () => {
    const output = await terminal.paste(blocks[3], 3);
    const runId = /"run_id":"([^"]+)"/.exec(output)![1];
    await client.jobWhen(runId, 'failed');
    const [entry] = await client.dlqEntries(runId);
    expect(entry).toMatchObject({ task_name: 'fragile', attempts: 2, status: 'pending' });
    const attempts = await client.attempts(runId, 'fragile');
    expect(attempts.map(({ status }) => status)).toEqual(['failed', 'failed']);
    const pauseMs = Date.parse(attempts[1].started_at) - Date.parse(attempts[0].finished_at!);
    expect(pauseMs).toBeGreaterThanOrEqual(899);

    expect(await terminal.paste(blocks[4], 4)).toContain('"status":"replayed"');
    const job = await client.jobWhen(runId, 'succeeded');
    expect(job.tasks.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(await client.dlqEntries(runId)).toMatchObject([{ id: entry.id, status: 'replayed' }]);
  });

  it('has Swagger UI where it says', async () => {
    const answer = await fetch(`${server.url}/docs`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('swagger-ui')]);
  });

  it('stops everything at Ctrl-C, and finds the old data at the next start', async () => {
    const jobs = await client.expect<{ items: JobView[] }>(200, 'GET', '/jobs');
    for (const round of ['first', 'second']) {
      expect(existsSync(dataDirectory)).toBe(true);
      expect(processesWith('postgres', dataDirectory)).not.toEqual([]);
      server.signal('SIGINT');
      expect([round, await server.exited]).toEqual([round, { code: 0, signal: null }]);
      expect(processesWith(dataDirectory)).toEqual([]);
      if (round === 'second') break;
      await start();
      const dags = await client.expect<{ items: { name: string }[] }>(200, 'GET', '/dags');
      expect(dags.items.map(({ name }) => name).sort()).toEqual(['fails-first', 'first-dag']);
      expect(await client.expect(200, 'GET', '/jobs')).toEqual(jobs);
    }
  });
});
