/**
 * Counts how often each task was executed. A task is a number, handed out before the system gets it; the number is in the
 * task's own data, so whoever executes it a second time says so.
 */
export class Executions {
  #counts = new Uint8Array(65_536);
  #taken = 0;

  /** @returns the first of `count` numbers in a row. */
  take(count) {
    const first = this.#taken;
    this.#taken += count;
    if (this.#taken > this.#counts.length) {
      const larger = new Uint8Array(this.#taken * 2);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    return first;
  }

  record(number) {
    this.#counts[number] += 1;
  }

  /** What is wrong with the tasks taken since the last check, in words. An execution that comes later still shows in the next. */
  check() {
    const [tasks, counts] = [this.#taken, this.#counts.subarray(0, this.#taken)];
    const never = counts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
    const often = counts.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0);
    this.#taken = 0;
    this.#counts.fill(0);
    return {
      tasks,
      faults: [
        ...(never > 0 ? [`${never} of ${tasks} tasks were never executed`] : []),
        ...(often > 0 ? [`${often} of ${tasks} tasks were executed more than once`] : []),
      ],
    };
  }
}
