/** The tables of `scale-out.mjs`; a figure is the median of the rounds. */
import { median, spread, table } from './measure.mjs';

export const PARTS = ['api', 'scheduler', 'workers', 'postgres', 'redis', 'client'];

const middle = (samples, of, digits) => median(samples.map(of)).toFixed(digits);

/** @param runs { workload, label, samples } of each workload and turn */
export function rateTable(runs) {
  return table(
    [
      'workload',
      'workers × slots',
      'tasks/s',
      'share',
      'CPU s per 1,000: api',
      'scheduler',
      'workers',
      'PostgreSQL',
      'Redis',
      'client',
      'cores',
      'busiest',
    ],
    runs.map(({ workload, label, samples }) => [
      workload,
      label,
      spread(samples.map(({ rate }) => rate)),
      middle(samples, ({ share }) => share, 2),
      ...PARTS.map((part) => middle(samples, ({ cpu }) => cpu[part], 3)),
      middle(samples, ({ cores }) => cores, 2),
      middle(samples, ({ busiest }) => busiest, 2),
    ]),
  );
}

/** What a task costs the servers, whatever the machine. */
export function costTable(runs) {
  return table(
    ['workload', 'workers × slots', 'writes', 'WAL bytes', 'Redis commands', 'of them scripts'],
    runs.map(({ workload, label, samples }) => [
      workload,
      label,
      middle(samples, ({ writes }) => writes, 3),
      middle(samples, ({ wal }) => wal, 0),
      middle(samples, ({ commands }) => commands, 1),
      middle(samples, ({ scripts }) => scripts, 2),
    ]),
  );
}

/** @param connections role → open connections to PostgreSQL of one process, at most */
export function roleTable(rows, connections) {
  return table(
    [
      'one process',
      'PostgreSQL connections under load',
      'Redis connections',
      'idle, a second: commits',
      'writes',
      'Redis commands',
      'CPU s: own',
      'both servers',
    ],
    rows.map((row) => [
      row.role,
      connections[row.role].toFixed(1),
      row.redisConnections.toFixed(1),
      row.commits.toFixed(1),
      row.writes.toFixed(1),
      row.commands.toFixed(1),
      row.own.toFixed(3),
      row.servers.toFixed(3),
    ]),
  );
}
