/*
 * What a measurement cost PostgreSQL. One system works at a time, so what the whole server wrote is that system's:
 *
 *   writes   transactions that wrote (the transaction ids used up); each is a commit that waits for the disk, or shares one
 *   wal      bytes of the write-ahead log (pg_current_wal_insert_lsn)
 *
 * Both are exact at once. The statistics of a database (`xact_commit`: all commits, also those that only read) are not:
 * a session hands its share in when it has been idle for up to ten seconds. So they are taken in one round per workload,
 * behind a wait, less what the system commits in that time when idle, less what a turn without work commits, and less our own looks for
 * the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const SETTLED_AFTER_MS = 11_000;

export class Accounts {
  #client;
  #idlePerMs = {};
  #perTurn = {};

  constructor(client) {
    this.#client = client;
  }

  async snapshot() {
    const { rows } = await this.#client.query(
      `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS writes,
              (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 AS wal`,
    );
    return rows[0];
  }

  /** All commits so far by system, settled. */
  async #commits() {
    await sleep(SETTLED_AFTER_MS);
    const { rows } = await this.#client.query(
      `SELECT substr(datname, 12) AS name, xact_commit::float8 AS commits FROM pg_stat_database
       WHERE starts_with(datname, 'scoreboard_')`,
    );
    return {
      at: performance.now(),
      of: Object.fromEntries(rows.map(({ name, commits }) => [name, commits])),
    };
  }

  /**
   * What each system commits while nobody wants anything of it.
   *
   * @param nothing gives every system a turn in which there is nothing to do
   * @returns name → commits per second
   */
  async measureIdle(nothing) {
    const before = await this.#commits();
    const between = await this.#commits();
    await nothing();
    const after = await this.#commits();
    for (const [name, commits] of Object.entries(between.of)) {
      this.#idlePerMs[name] = (commits - before.of[name]) / (between.at - before.at);
      const idle = this.#idlePerMs[name] * (after.at - between.at);
      this.#perTurn[name] = Math.max(0, after.of[name] - commits - idle);
    }
    return Object.fromEntries(Object.entries(this.#idlePerMs).map(([name, perMs]) => [name, perMs * 1_000]));
  }

  /**
   * Runs a round and counts each system's commits in it.
   *
   * @param round resolves with name → { sample }
   * @returns name → commits per task
   */
  async commitsPerTask(round) {
    const before = await this.#commits();
    const turns = await round();
    const after = await this.#commits();
    const perTask = {};
    for (const [name, { sample }] of Object.entries(turns)) {
      if (!sample || !(name in after.of)) continue;
      const idle = (this.#idlePerMs[name] ?? 0) * (after.at - before.at - sample.ms);
      const other = idle + (this.#perTurn[name] ?? 0) + sample.looks;
      perTask[name] = Math.max(0, (after.of[name] - before.of[name] - other) / sample.tasks);
    }
    return perTask;
  }
}
