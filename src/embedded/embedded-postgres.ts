import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { program } from './binaries.js';
import { type ClusterHome, clusterHome } from './cluster-home.js';
import {
  isAlive,
  logTail,
  type Postmaster,
  PROGRAM_ENVIRONMENT,
  runningPostmaster,
  signalPostmaster,
  spawnPostmaster,
  stopPostmaster,
} from './postmaster.js';
import { giveTo, identity } from './server-user.js';

const run = promisify(execFile);

const DATABASE = 'dts';
const USER = 'dts';
/** In the cluster's folder, readable by its owner only. */
const PASSWORD_FILE = 'dts.password';
const UNFINISHED = '.unfinished-';
/** A crash may leave much to recover; a start that takes longer than this is a failed one. */
const READY_TIMEOUT_MS = 120_000;
const PORT_TRIES = 3;
/** Advisory lock, held shared by each process that uses the server: whoever gets it alone is the last. */
const USERS_LOCK = 726_001;

export interface EmbeddedPostgres {
  /** Of the database `dts`, with the password. */
  url: string;
  /** true: the server was running already, left behind by a killed process or in use by another. */
  reused: boolean;
  /** Stops the server, unless another process still uses it. */
  stop(): Promise<void>;
  /**
   * For a process that exits at once: tells the server to stop and does not wait for it. Nothing is lost. A server
   * that others used when this process came is left alone.
   */
  stopWithoutWaiting(): void;
}

/**
 * Runs the real PostgreSQL that comes with the npm packages, with its data below `dataDirectory`.
 *
 * The server is a process of its own that neither a Ctrl-C nor the death of this one takes along: it is stopped by
 * `stop()`, after the application has written what it had to. If this process is killed, the next start finds
 * the server running and takes it over.
 *
 * @throws Error with a text for the user when the machine cannot run it.
 */
export async function startEmbeddedPostgres(options: {
  /** Absolute path; created if need be. */
  dataDirectory: string;
  /** One line per step that takes time or needs to be known. */
  log: (line: string) => void;
  /** Server settings on top of the launcher's own. */
  settings?: Record<string, string>;
}): Promise<EmbeddedPostgres> {
  const { dataDirectory, log, settings = {} } = options;
  const home = await clusterHome(dataDirectory, log);
  await refuseOtherVersion(home);
  if (!existsSync(join(home.cluster, 'PG_VERSION'))) {
    log('Creating the database cluster …');
    await createCluster(home);
  }
  const password = await readFile(join(home.cluster, PASSWORD_FILE), 'utf8');
  const urlOf = (port: number, database: string) =>
    `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;

  for (;;) {
    const running = await runningPostmaster(home);
    const port = running?.port ?? (await start(home, settings, (candidate) => urlOf(candidate, 'postgres')));
    const presence = await enter(urlOf(port, 'postgres'), home, running);
    if (!presence) continue;
    const isOurs = await isAlone(presence);
    return {
      url: urlOf(port, DATABASE),
      reused: running !== null,
      stop: async () => {
        await presence.end().catch(() => undefined);
        if (!(await stopIfUnused(urlOf(port, 'postgres'), home)))
          log('The embedded PostgreSQL goes on: another process uses it');
      },
      stopWithoutWaiting: () => {
        if (isOurs) signalPostmaster(home);
      },
    };
  }
}

/**
 * Enters this process among the users of the server.
 *
 * @returns the connection that holds the entry; null when a server found running was stopped by its last user meanwhile.
 */
async function enter(url: string, home: ClusterHome, running: Postmaster | null): Promise<pg.Client | null> {
  try {
    const client = await connectWhenReady(url, home, () => running !== null && !isAlive(running.pid));
    await client.query('SELECT pg_advisory_lock_shared($1)', [USERS_LOCK]);
    await createDatabase(client);
    return client;
  } catch (error) {
    if (running && !isAlive(running.pid)) return null;
    throw error;
  }
}

/**
 * All or nothing: it is made beside its place and renamed into it with the password inside, so neither a crash nor a
 * second process that starts at the same moment can leave half of it.
 */
async function createCluster(home: ClusterHome): Promise<void> {
  await removeLeftovers(home);
  const unfinished = `${home.cluster}${UNFINISHED}${process.pid}`;
  const passwordFile = `${unfinished}.password`;
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  await giveTo(home.user, unfinished);
  await giveTo(home.user, passwordFile);
  const access = ['-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-U', USER];
  try {
    await run(program(home.binaries, 'initdb'), ['-D', unfinished, ...access, '-E', 'UTF8', '--locale=C'], {
      ...identity(home.user),
      cwd: home.folder,
      env: PROGRAM_ENVIRONMENT,
    });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`The embedded PostgreSQL could not create its data in ${home.folder}: ${stderr.trim()}`, {
      cause: error,
    });
  }
  await rename(passwordFile, join(unfinished, PASSWORD_FILE));
  try {
    await rename(unfinished, home.cluster);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process was quicker: its cluster is the one.
    if (!existsSync(join(home.cluster, 'PG_VERSION'))) throw error;
  }
}

async function removeLeftovers(home: ClusterHome): Promise<void> {
  for (const name of await readdir(home.folder)) {
    const pid = Number(name.split(UNFINISHED)[1]?.split('.')[0]);
    if (pid && !isAlive(pid)) await rm(join(home.folder, name), { recursive: true, force: true });
  }
}

/** @returns the port of a server that answers: ours, or that of a process which was quicker. */
async function start(
  home: ClusterHome,
  settings: Record<string, string>,
  urlOf: (port: number) => string,
): Promise<number> {
  for (let left = PORT_TRIES; ; left--) {
    const { port, ended } = await spawnPostmaster(home, settings);
    try {
      await (await connectWhenReady(urlOf(port), home, ended)).end();
      return port;
    } catch (error) {
      const other = ended() && (await runningPostmaster(home));
      if (other) return other.port;
      await stopPostmaster(home).catch(() => undefined);
      // Between our look for a free port and the server's bind another program may have taken it.
      const portTaken = /could not bind|could not create any TCP/.test(logTail(home));
      if (!portTaken || left <= 1) throw error;
    }
  }
}

/** Tries until the server answers; gives up early when it is gone. */
async function connectWhenReady(url: string, home: ClusterHome, isGone: () => boolean): Promise<pg.Client> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, keepAlive: true });
    // The server may vanish at any time; whoever needs the connection then finds it closed.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (isGone() || Date.now() > deadline || isFinal(error))
        throw new Error(`The embedded PostgreSQL did not start. Its log ends with:\n${logTail(home)}`, {
          cause: error,
        });
    }
    await pause(25);
  }
}

/** A wrong password stays wrong: somebody mixed files of two clusters. */
function isFinal(error: unknown): boolean {
  return (error as { code?: string }).code === '28P01';
}

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rowCount) return;
  try {
    await client.query(`CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    // 42P04, 23505: another process was quicker.
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
  }
}

async function isAlone(presence: pg.Client): Promise<boolean> {
  const { rows } = await presence.query<{ users: number }>(
    "SELECT count(*)::int AS users FROM pg_locks WHERE locktype = 'advisory' AND objid = $1",
    [USERS_LOCK],
  );
  return rows[0].users === 1;
}

/**
 * The last to leave stops the server. The lock is held until it is down, so that a process which starts at this
 * moment waits for it, sees the server go, and starts it again.
 *
 * @returns false when somebody else is still there.
 */
async function stopIfUnused(url: string, home: ClusterHome): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    if (await othersUse(client)) return false;
    await stopPostmaster(home);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function othersUse(client: pg.Client): Promise<boolean> {
  try {
    await client.connect();
    const { rows } = await client.query<{ alone: boolean }>('SELECT pg_try_advisory_lock($1) AS alone', [
      USERS_LOCK,
    ]);
    return !rows[0].alone;
  } catch {
    // It does not answer, so it serves nobody.
    return false;
  }
}

async function refuseOtherVersion(home: ClusterHome): Promise<void> {
  const version = (await readFile(join(home.cluster, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (version && version !== home.binaries.major)
    throw new Error(
      `${home.cluster} was written by PostgreSQL ${version}, this is ${home.binaries.major}. ` +
        'Dump it with the old version, or move the folder away to start anew.',
    );
}
