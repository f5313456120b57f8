/**
 * The task host's process. See protocol.ts for what it is for; only node: modules and small pure files are imported,
 * so that it stays small and starting processes from it stays cheap.
 *
 * It ends when its channel closes or the worker's trusted time runs out, and takes every task process with it.
 */
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogPiece } from '../../domain/log-piece.js';
import { onDeadline } from '../deadline.js';
import { removeTree } from './attempt-directory.js';
import { Attempt } from './attempt.js';
import { cookieOf, type FromHost, type HostAttempt, type HostSettings, type ToHost } from './protocol.js';
import { ProcessTree } from './process-tree.js';

/** Leaving must not hang on a process that the kernel does not let go. */
const LEAVE_WITHIN_MS = 10_000;
/** Text of logs that may wait in the channel for a worker that does not read. */
const MAX_UNREAD_LOGS = 16 * 1_048_576;

const attempts = new Map<string, Attempt>();
let settings: HostSettings | null = null;
let cancelDeadline = (): void => undefined;
let leaving = false;
let unreadLogs = 0;

function say(message: FromHost, sent: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, undefined, sent);
}

/** False when the worker does not keep up: then these pieces are lost, rather than this process grows. */
function sayLog(attemptId: string, pieces: LogPiece[]): boolean {
  if (unreadLogs > MAX_UNREAD_LOGS) return false;
  const length = pieces.reduce((total, piece) => total + piece.text.length, 0);
  unreadLogs += length;
  say({ kind: 'log', attemptId, pieces }, () => (unreadLogs -= length));
  return true;
}

async function take(message: ToHost): Promise<void> {
  if (leaving) return;
  switch (message.kind) {
    case 'settings':
      settings = message.settings;
      // Others may pass through, since tasks may have a user of their own; nobody else may list it.
      await mkdir(settings.directory, { recursive: true, mode: 0o711 });
      say({ kind: 'ready' });
      return;
    case 'run':
      return run(message.attempt);
    case 'stop':
      // Its lease is gone: the same work may have begun elsewhere, so there is no time for a grace.
      attempts.get(message.attemptId)?.stop(message.reason, message.reason === 'lease_lost');
      return;
    case 'keepalive':
      cancelDeadline();
      cancelDeadline = onDeadline(message.untilMs, () => void leave('the worker has not been heard of'));
      return;
  }
}

async function run(hostAttempt: HostAttempt): Promise<void> {
  const { attemptId } = hostAttempt.work;
  const attempt = new Attempt(
    hostAttempt,
    settings!,
    (pid) => say({ kind: 'started', attemptId, pid }),
    (pieces) => sayLog(attemptId, pieces),
  );
  attempts.set(attemptId, attempt);
  const outcome = await attempt.run();
  attempts.delete(attemptId);
  say({ kind: 'ended', attemptId, outcome });
}

async function leave(why: string | null): Promise<void> {
  if (leaving) return;
  leaving = true;
  if (why !== null) console.error(`task host: ${why}; killing ${attempts.size} attempts and leaving`);
  const leaders = [...attempts.values()].flatMap((attempt) => attempt.pid ?? []);
  for (const attempt of attempts.values()) attempt.stop('lease_lost', true);
  if (settings !== null) {
    const { hostId, directory } = settings;
    const marks = { cookie: cookieOf(hostId, ''), directory, leaders, startedAtMs: null };
    await Promise.race([new ProcessTree(marks).kill(), delay(LEAVE_WITHIN_MS)]);
    await removeTree(directory).catch((error: Error) => console.error(`task host: ${error.message}`));
  }
  process.exit(0);
}

process.on('message', (message) => void take(message as ToHost));
process.on('disconnect', () => void leave(attempts.size > 0 ? 'the worker is gone' : null));
// Ctrl-C and a service manager's TERM reach the whole group: the worker drains, and ends the host when it is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('uncaughtException', (error) => {
  console.error('task host:', error);
  void leave('a defect');
});
