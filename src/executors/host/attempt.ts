/** One attempt inside the task host: its directory, its process, its outcome. */
import type { LogPiece } from '../../domain/log-piece.js';
import { type Outcome } from '../../domain/outcome.js';
import type { StopReason } from '../executor.js';
import { failed, stopped } from '../failures.js';
import { AttemptDirectory } from './attempt-directory.js';
import { AttemptLog } from './attempt-log.js';
import { endingDetails } from './ending-words.js';
import { cookieOf, type HostAttempt, type HostSettings } from './protocol.js';
import { judgePython, preparePython } from './python-task.js';
import { judgeShell, prepareShell } from './shell-task.js';
import { BadEnvironment, environmentOf } from './task-environment.js';
import { TaskProcess, type Ending, type Launch } from './task-process.js';

export class Attempt {
  private process: TaskProcess | null = null;
  private stopReason: StopReason | null = null;
  private readonly directory: AttemptDirectory;
  private readonly log: AttemptLog | null;

  constructor(
    private readonly attempt: HostAttempt,
    private readonly settings: HostSettings,
    private readonly onStarted: (pid: number) => void,
    onLog: (pieces: LogPiece[]) => boolean,
  ) {
    this.directory = new AttemptDirectory(settings, attempt.work.attemptId);
    this.log = settings.logMaxBytes === null ? null : new AttemptLog(settings.logMaxBytes, onLog);
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Runs it to its end; nothing of it is left, neither process nor directory. Never rejects. */
  async run(): Promise<Outcome> {
    try {
      // Outside the removal: a directory that another attempt has must stay.
      this.directory.create();
    } catch (error) {
      return failed(
        'internal',
        `The directory of the attempt could not be made: ${(error as Error).message}.`,
      );
    }
    try {
      return await this.runInDirectory();
    } catch (error) {
      return failed('internal', `The task host failed: ${(error as Error).message}.`);
    } finally {
      this.log?.end();
      await this.directory.remove().catch((error: Error) => console.error(`task host: ${error.message}`));
    }
  }

  /** Stops it: TERM, grace, KILL; at once when `atOnce`. */
  stop(reason: StopReason, atOnce: boolean): void {
    this.stopReason ??= reason;
    this.process?.stop(reason, atOnce);
  }

  private async runInDirectory(): Promise<Outcome> {
    const { work } = this.attempt;
    const launch = await this.prepare();
    if (typeof launch === 'string') return failed('bad_config', launch);
    if (this.stopReason !== null) return stopped(this.stopReason, work.timeoutSeconds);
    let ending: Ending;
    try {
      ending = await this.launch(launch);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'E2BIG')
        return failed('bad_config', 'The env and arguments together are too large to start a process.');
      return failed('spawn_failed', `The process could not be started: ${message}`);
    }
    if (ending.unkillable)
      console.error(`task host: attempt ${work.attemptId} left a process that SIGKILL does not end`);
    if (ending.stopReason !== null)
      return stopped(ending.stopReason, work.timeoutSeconds, endingDetails(ending));
    return work.taskType === 'python'
      ? judgePython(ending, this.directory)
      : judgeShell(work, ending, this.directory);
  }

  private async prepare(): Promise<Launch | string> {
    const { work, python } = this.attempt;
    try {
      const environment = environmentOf(work, this.settings, this.directory);
      return python === null
        ? await prepareShell(work, this.directory, environment)
        : preparePython(work, python, this.directory, environment);
    } catch (error) {
      if (error instanceof BadEnvironment) return error.message;
      throw error;
    }
  }

  private launch(launch: Launch): Promise<Ending> {
    const { work } = this.attempt;
    const { hostId, killGraceSeconds, taskUser } = this.settings;
    this.process = new TaskProcess(launch, {
      timeoutSeconds: work.timeoutSeconds,
      graceMs: killGraceSeconds * 1_000,
      cookie: cookieOf(hostId, work.attemptId),
      directory: this.directory.path,
      taskUser,
      log: this.log,
    });
    if (this.process.pid !== undefined) this.onStarted(this.process.pid);
    return this.process.ended;
  }
}
