/** Timers are set in steps, so that a deadline weeks away neither overflows setTimeout nor sleeps through a resume. */
const LONGEST_SLEEP_MS = 60_000;

/** A moment on this machine's monotonic clock, in milliseconds; the same for every process of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** Calls `passed` once when {@link monotonicMs} reaches `atMs`; the returned function calls it off. */
export function onDeadline(atMs: number, passed: () => void): () => void {
  let timer: NodeJS.Timeout;
  const sleep = (): void => {
    const leftMs = atMs - monotonicMs();
    if (leftMs <= 0) passed();
    else timer = setTimeout(sleep, Math.min(Math.ceil(leftMs), LONGEST_SLEEP_MS));
  };
  timer = setTimeout(sleep, Math.min(Math.max(0, Math.ceil(atMs - monotonicMs())), LONGEST_SLEEP_MS));
  return () => clearTimeout(timer);
}
