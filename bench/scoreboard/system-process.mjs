/*
 * One system in a process of its own: `system-process.mjs <name>`. The parent sends { call, … } and gets { answer } or
 * { error }, one at a time:
 *
 *   open { servers }       starts the system
 *   run { kind, size }     one measurement: { ms, tasks, … }
 *   check                  { tasks, faults }: what was run since the last check, and what is wrong with it
 *   close                  stops the system; so does the end of the parent
 */
import { MEASUREMENTS } from './measurements.mjs';

const name = process.argv[2];
let system = null;

const CALLS = {
  async open({ servers }) {
    const { open } = await import(`./systems/${name}.mjs`);
    system = await open(servers);
  },
  async run({ kind, size }) {
    await system.begin?.();
    const looksBefore = system.looks?.() ?? 0;
    const sample = await MEASUREMENTS[kind](system, size);
    const looks = (system.looks?.() ?? 0) - looksBefore;
    await system.end?.();
    return { ...sample, looks };
  },
  check: () => system.check(),
  async close() {
    await system?.close();
    system = null;
  },
};

/** Nobody hears it when the parent has gone meanwhile. */
const reply = (message) => process.connected && process.send(message);

process.on('message', async ({ call, ...parameters }) => {
  try {
    reply({ answer: (await CALLS[call](parameters)) ?? null });
  } catch (error) {
    reply({ error: error.stack });
  }
  if (call === 'close' && process.connected) process.disconnect();
});
process.once('disconnect', () => {
  const leave = () => process.exit();
  void CALLS.close().then(leave, leave);
});
// A Ctrl-C or the end of a time limit goes to the whole group; the parent decides when this ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
