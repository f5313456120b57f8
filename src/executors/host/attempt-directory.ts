/** The directory an attempt works in: its cwd, HOME and TMPDIR, with our own files apart in `.dts`. */
import { chmod, readdir, rm } from 'node:fs/promises';
import { chownSync, closeSync, constants, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { readdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSettings } from './protocol.js';

/** Of the files below, never more than these are there at once. */
const MOST_OWN_FILES = 5;

export class AttemptDirectory {
  /** Absolute. */
  readonly path: string;
  private readonly own: string;

  constructor(
    private readonly settings: HostSettings,
    attemptId: string,
  ) {
    this.path = join(settings.directory, attemptId);
    this.own = join(this.path, '.dts');
  }

  /** JSON of what the task is told about itself. */
  get contextFile(): string {
    return join(this.own, 'ctx.json');
  }
  /** Where a command may write its output. */
  get outputFile(): string {
    return join(this.own, 'output.json');
  }
  /** A command too long for an argument. */
  get commandFile(): string {
    return join(this.own, 'command.sh');
  }
  /** What the python runner gets. */
  get pythonTaskFile(): string {
    return join(this.own, 'task.json');
  }
  /** What the python runner hands back. */
  get pythonResultFile(): string {
    return join(this.own, 'result.json');
  }

  /** Synchronous, as {@link write} is: three small calls are cheaper than three turns of the thread pool. */
  create(): void {
    mkdirSync(this.path, { mode: 0o700 });
    mkdirSync(this.own, { mode: 0o700 });
    this.giveToTask(this.path);
    this.giveToTask(this.own);
  }

  write(file: string, content: string): void {
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
    this.giveToTask(file);
  }

  private giveToTask(path: string): void {
    const { taskUser } = this.settings;
    if (taskUser !== null) chownSync(path, taskUser.uid, taskUser.gid);
  }

  async remove(): Promise<void> {
    if (!this.removeOwnOnly()) await removeTree(this.path);
  }

  /** Most tasks leave only our files, and those go with a few cheap calls; false when there is more. */
  private removeOwnOnly(): boolean {
    try {
      const names = readdirSync(this.own);
      if (names.length > MOST_OWN_FILES) return false;
      for (const name of names) unlinkSync(join(this.own, name));
      rmdirSync(this.own);
      rmdirSync(this.path);
      return true;
    } catch {
      return false;
    }
  }
}

/** Removes a directory with everything in it, also what its owner made unwritable. Links are not followed. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });
  } catch {
    await makeWritable(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 10 });
  }
}

async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(directory, entry.name));
  }
}

export type TaskFile =
  { kind: 'absent' } | { kind: 'refused'; bytes: number | null } | { kind: 'read'; text: string };

/**
 * Reads a file that a task wrote, at most `maxBytes` of it. The task may have put anything there: a link, a pipe
 * and a device are refused (`bytes` null), a longer file is refused with its size.
 */
export function readTaskFile(path: string, maxBytes: number): TaskFile {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? { kind: 'absent' }
      : { kind: 'refused', bytes: null };
  }
  try {
    const { size } = fstatSync(file);
    if (!fstatSync(file).isFile()) return { kind: 'refused', bytes: null };
    if (size > maxBytes) return { kind: 'refused', bytes: size };
    const bytes = Buffer.allocUnsafe(size);
    let length = 0;
    while (length < size) {
      const read = readSync(file, bytes, length, size - length, null);
      if (read === 0) break;
      length += read;
    }
    return { kind: 'read', text: bytes.toString('utf8', 0, length) };
  } finally {
    closeSync(file);
  }
}
