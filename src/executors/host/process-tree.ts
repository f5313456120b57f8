/**
 * Finds and kills every process of an attempt.
 *
 * The attempt's first process leads its own session and group, so one signal to the group reaches what stays in it.
 * What left (setsid, double fork) is found in /proc by, in this order of cost: its session or group, an ancestor that
 * belongs to the attempt, the cookie variable it inherited, a working directory inside the attempt's directory.
 * Not found: a process that did all of it, left the session, lost its parents, cleared its environment and changed
 * its directory. Without /proc (not Linux) only the group is reached.
 */
import { closeSync, openSync, readFileSync, readlinkSync, readSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../deadline.js';
import { COOKIE_VARIABLE } from './protocol.js';

/** What marks a process as belonging to one attempt, or (with a cookie ending in `/`) to a whole host. */
export interface ProcessMarks {
  /** Value of the cookie variable, or its beginning. */
  cookie: string;
  /** Absolute path of the attempt's directory. */
  directory: string;
  /** First processes: each led a session of its own. */
  leaders: readonly number[];
  /** Monotonic start: lets a short attempt look at younger processes only. null looks at all. */
  startedAtMs: number | null;
}

/** In so short a time the kernel cannot give out all its process ids, so a younger process has a later id. */
const NO_FULL_TURN_MS = 1_000;
/** A process in the middle of exec shows no environment for a moment: looked at again so many times. */
const UNCLEAR_LOOKS = 3;
/** Kernel threads, which never have an environment, are children of this process. */
const KERNEL_PARENT = 2;
const SWEEP_PAUSE_MS = 5;
/** A process that SIGKILL does not end within this time hangs in the kernel; waiting longer does not help. */
const UNKILLABLE_AFTER_MS = 30_000;

interface ProcessLine {
  pid: number;
  state: string;
  parent: number;
  group: number;
  session: number;
  /** In clock ticks since boot; tells a process from a later one with the same id. */
  startTime: string;
}

export class ProcessTree {
  /**
   * Members seen so far, by id, with their start times. Signals make orphans, whose ancestors no longer tell that
   * they belong here.
   */
  private readonly known = new Map<number, string>();

  constructor(private readonly marks: ProcessMarks) {}

  /** Signals the groups of the leaders and every member outside them. Returns how many members were alive. */
  async signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    const members = await this.members();
    for (const leader of this.marks.leaders) send(-leader, signal);
    for (const { pid, group } of members) if (!this.marks.leaders.includes(group)) send(pid, signal);
    return members.length;
  }

  /** Kills until nothing of the attempt is left; false when something could not be killed. */
  async kill(): Promise<boolean> {
    const giveUpAtMs = monotonicMs() + UNKILLABLE_AFTER_MS;
    // A member may fork between the look and the kill, so only a look that finds nobody ends this.
    while ((await this.signal('SIGKILL')) > 0) {
      if (monotonicMs() > giveUpAtMs) return false;
      await delay(SWEEP_PAUSE_MS);
    }
    return true;
  }

  /** Whether any process of the attempt is alive. */
  async isAlive(): Promise<boolean> {
    return (await this.members()).length > 0;
  }

  private async members(): Promise<ProcessLine[]> {
    for (let look = 1; ; look++) {
      const { members, unclear } = lookOnce(this.marks, this.known);
      for (const { pid, startTime } of members) this.known.set(pid, startTime);
      if (!unclear || look === UNCLEAR_LOOKS) return members;
      await delay(1);
    }
  }
}

function lookOnce(
  marks: ProcessMarks,
  known: ReadonlyMap<number, string>,
): { members: ProcessLine[]; unclear: boolean } {
  const members = new Map<number, ProcessLine>();
  const others: ProcessLine[] = [];
  let unclear = false;
  for (const pid of candidates(marks)) {
    const line = readProcess(pid);
    if (line === null || line.state === 'Z' || line.state === 'X') continue;
    const isInside =
      marks.leaders.includes(line.session) ||
      marks.leaders.includes(line.group) ||
      known.get(pid) === line.startTime;
    const verdict = isInside || judge(pid, marks);
    if (verdict === 'unclear' && line.parent !== KERNEL_PARENT) unclear = true;
    if (verdict === true) members.set(pid, line);
    else others.push(line);
  }
  for (let found = true; found;) {
    found = false;
    for (const line of others) {
      if (members.has(line.pid) || !members.has(line.parent)) continue;
      members.set(line.pid, line);
      found = true;
    }
  }
  return { members: [...members.values()], unclear };
}

/** The process ids worth a look: never this process itself. */
function candidates(marks: ProcessMarks): number[] {
  const pids: number[] = [];
  for (const name of readDirectory('/proc')) {
    const pid = Number(name);
    if (pid > 0 && pid !== process.pid) pids.push(pid);
  }
  const first = marks.leaders[0];
  if (marks.startedAtMs === null || first === undefined) return pids;
  if (monotonicMs() - marks.startedAtMs > NO_FULL_TURN_MS) return pids;
  const latest = latestPid();
  if (latest === null) return pids;
  return pids.filter((pid) => (latest >= first ? pid >= first : pid >= first || pid <= latest));
}

function judge(pid: number, marks: ProcessMarks): boolean | 'unclear' {
  const environment = readBytes(`/proc/${pid}/environ`);
  if (environment !== null && hasCookie(environment, marks.cookie)) return true;
  try {
    const directory = readlinkSync(`/proc/${pid}/cwd`);
    // A directory that is gone is shown with a note behind it.
    if (directory === marks.directory || directory.startsWith(`${marks.directory}/`)) return true;
    if (directory === `${marks.directory} (deleted)`) return true;
  } catch {
    // Ended meanwhile, a kernel thread, or another user's.
  }
  return environment !== null && environment.length === 0 ? 'unclear' : false;
}

/** A cookie that ends in `/` matches every attempt of a host. */
function hasCookie(environment: Buffer, cookie: string): boolean {
  const wanted = `${COOKIE_VARIABLE}=${cookie}${cookie.endsWith('/') ? '' : '\0'}`;
  return environment.includes(wanted);
}

/** One line of /proc/<pid>/stat; the command in it may contain anything, so it is read from its last parenthesis. */
function readProcess(pid: number): ProcessLine | null {
  const bytes = readBytes(`/proc/${pid}/stat`);
  if (bytes === null) return null;
  const text = bytes.toString('latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  if (fields.length < 20) return null;
  const [state, parent, group, session] = fields;
  return {
    pid,
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime: fields[19],
  };
}

function latestPid(): number | null {
  const bytes = readBytes('/proc/loadavg');
  const latest = Number(bytes?.toString('latin1').trim().split(' ').at(-1));
  return Number.isInteger(latest) && latest > 0 ? latest : null;
}

const buffer = Buffer.allocUnsafe(262_144);

/** The content of a small /proc file (valid until the next call), or null when it cannot be read. */
function readBytes(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) return buffer.subarray(0, length);
      length += read;
      if (length === buffer.length) return readFileSync(path);
    }
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

function readDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Sends a signal; that the target is gone, or another user's, is no error here. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH, EPERM
  }
}
