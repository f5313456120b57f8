/** Tasks of the workload: what they do, how often they fail before they succeed, and that they tell the witness. */
import type { TaskOfDag } from '../../e2e/client.js';
import type { Random } from '../random.js';

/** Where tasks of a run leave their traces. */
export interface Traces {
  witnessPath: string;
  /** Address of the server that http tasks of the workload ask. */
  serverUrl: string;
}

type Common = Pick<TaskOfDag, 'name' | 'dependencies'>;

/** Fails always; nobody needs as many attempts. */
const FOR_GOOD = 1_000;
/** An exit code, and a status, after which trying again cannot help. */
const NO_USE_CODE = 64;
const NO_USE_STATUS = 422;

/** Before the exit: a process that must not outlive the attempt. */
const STRAY = 'setsid sleep 600 >/dev/null 2>&1 & ';

/** The command is the same for all; what differs is in its variables. */
const COMMAND = `
say() { printf '%s %s %s %s %s %s\\n' "$1" "$DTS_RUN_ID" "$DTS_TASK" "$DTS_ATTEMPT" "$$" "$(date +%s%N)" >> "$WITNESS"; }
say start
if [ "$STRAY" = 1 ]; then ${STRAY}fi
if [ "$HANGS" -ge "$DTS_ATTEMPT" ]; then sleep 300; fi
sleep "$WORK"
if [ "$FAILS" -ge "$DTS_ATTEMPT" ]; then exit "$CODE"; fi
printf '{"attempt":%s,"token":%s}' "$DTS_ATTEMPT" "$$" > "$DTS_OUTPUT"
say end
`;

const CODE = `
import os, time
def say(what, ctx):
    line = f"{what} {ctx['run_id']} {ctx['task']} {ctx['attempt']} {os.getpid()} {time.time_ns()}\\n"
    file = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_APPEND)
    os.write(file, line.encode())
    os.close(file)
def run(ctx):
    say("start", ctx)
    if int(os.environ["FAILS"]) >= ctx["attempt"]:
        raise RuntimeError("as planned")
    say("end", ctx)
    return {"attempt": ctx["attempt"], "token": os.getpid()}
`;

/** Of what the tasks are, in shares of 1; the rest are shell tasks, each of them several processes. */
export interface TaskMix {
  noop: number;
  python: number;
  http: number;
  /** Of the shell tasks, those that take long enough for a fault to find them at work. */
  long: number;
}

export const USUAL_MIX: TaskMix = { noop: 0.08, python: 0.06, http: 0.12, long: 0.15 };

/** A random task of that name below those others. */
export function randomTask(random: Random, common: Common, traces: Traces, mix: TaskMix): TaskOfDag {
  const luck = randomLuck(random);
  const policy = {
    max_retries: luck.maxRetries,
    retry_base_delay: random.pick([0, 0.05, 0.2]),
    retry_max_delay: 0.5,
  };
  const kind = random.next();
  if (kind < mix.noop) return { ...common, ...policy, task_type: 'noop' };
  if (kind < mix.noop + mix.python) {
    const env = { WITNESS: traces.witnessPath, FAILS: luck.fails };
    return { ...common, ...policy, task_type: 'python', config: { code: CODE, env } };
  }
  if (kind < mix.noop + mix.python + mix.http) {
    const query = new URLSearchParams({
      fails: String(luck.fails),
      status: String(luck.isRetryable ? 503 : NO_USE_STATUS),
      waitMs: String(random.integer(0, 60)),
    });
    const config = { url: `${traces.serverUrl}/?${query.toString()}`, timeout_seconds: 5 };
    return { ...common, ...policy, task_type: 'http', config };
  }
  const hangs = luck.fails === 0 && random.chance(0.02) ? 1 : 0;
  const env = {
    WITNESS: traces.witnessPath,
    FAILS: luck.fails,
    HANGS: hangs,
    STRAY: random.chance(0.04) ? 1 : 0,
    WORK: (random.chance(mix.long) ? random.integer(300, 1_500) : random.integer(5, 60)) / 1_000,
    CODE: luck.isRetryable ? 1 : NO_USE_CODE,
  };
  return {
    ...common,
    ...policy,
    max_retries: Math.max(hangs, luck.maxRetries),
    // Short only where it is meant to run out: a loaded machine is no failure of the task.
    timeout_seconds: hangs === 1 ? 1 : 60,
    task_type: 'shell',
    config: { command: COMMAND, env, non_retryable_exit_codes: [NO_USE_CODE] },
  };
}

interface Luck {
  /** Attempts that fail before one succeeds. */
  fails: number;
  maxRetries: number;
  isRetryable: boolean;
}

/** Mostly good; else it fails some times within its retries, some times beyond them (a replay cures it), or for good. */
function randomLuck(random: Random): Luck {
  const maxRetries = random.integer(0, 3);
  const drawn = random.next();
  if (drawn < 0.8) return { fails: 0, maxRetries, isRetryable: true };
  if (drawn < 0.93) return { fails: random.integer(1, 3), maxRetries: 3, isRetryable: true };
  if (drawn < 0.96) return { fails: maxRetries + 1, maxRetries, isRetryable: true };
  if (drawn < 0.98) return { fails: 1, maxRetries, isRetryable: false };
  return { fails: FOR_GOOD, maxRetries: Math.min(1, maxRetries), isRetryable: random.chance(0.5) };
}
