import { setTimeout as pause } from 'node:timers/promises';
import type { Arena } from './arena.js';
import { failpoint, killed, rolled, skewed, stopped, zombie } from './faults/process-faults.js';
import { addAliens, addDuplicates, reverseQueues, surelyWithRedis } from './faults/redis-faults.js';
import type { FaultKind } from './fault-kinds.js';
import { type Injector, numberOf, type Watchers } from './injector.js';
import type { Fault } from './plan.js';
import { Random } from './random.js';

/**
 * Lets one fault happen, from its beginning to its end.
 *
 * @returns what became of it, for the report
 */
export async function inject(arena: Arena, fault: Fault, watchers: Watchers): Promise<string> {
  return await watchers.recoveries.during(
    fault,
    async () => await INJECTORS[fault.kind](arena, fault, watchers),
  );
}

const redis =
  (...command: [string, ...string[]]): Injector =>
  async (arena) => {
    await surelyWithRedis(arena.redis!, async (client) => await client.call(...command));
    return 'done';
  };

const INJECTORS: Record<FaultKind, Injector> = {
  'kill-worker': killed,
  'kill-scheduler': killed,
  'kill-api': killed,
  'stop-worker': stopped,
  'stop-scheduler': stopped,
  'roll-worker': rolled,
  'roll-scheduler': rolled,
  'roll-api': rolled,
  'skew-clock': skewed,
  zombie,
  'failpoint-kill': failpoint,
  'failpoint-error': failpoint,

  'redis-flush': async (arena, fault, { recoveries }) => {
    await surelyWithRedis(arena.redis!, async (client) => await client.flushall());
    return await recoveries.dueTasks(fault);
  },
  'redis-script-flush': redis('SCRIPT', 'FLUSH'),
  'redis-kill-clients': async (arena) => {
    await surelyWithRedis(arena.redis!, async (client) => {
      for (const type of ['NORMAL', 'PUBSUB'])
        await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    });
    return 'killed';
  },
  'redis-pause': async (arena, fault, { recoveries }) => {
    const forMs = numberOf(fault, 'forMs');
    await surelyWithRedis(arena.redis!, async (client) => await client.call('CLIENT', 'PAUSE', forMs, 'ALL'));
    await pause(forMs);
    return await recoveries.dueTasks(fault);
  },
  'redis-restart': async (arena, fault, { recoveries }) => {
    await arena.redis!.restart(0);
    return await recoveries.dueTasks(fault);
  },
  'redis-down': async (arena, fault, { recoveries }) => {
    await arena.redis!.restart(numberOf(fault, 'forMs'));
    return await recoveries.dueTasks(fault);
  },
  'redis-freeze': async (arena, fault, { recoveries }) => {
    arena.redis!.proxy.freeze();
    await pause(numberOf(fault, 'forMs'));
    await arena.redis!.proxy.mend();
    return await recoveries.dueTasks(fault);
  },
  'redis-slow': async (arena, fault) => {
    arena.redis!.proxy.delayMs = numberOf(fault, 'delayMs');
    await pause(numberOf(fault, 'forMs'));
    await arena.redis!.proxy.mend();
    return 'was slow';
  },
  'messages-duplicate': async (arena, fault) =>
    `${await addDuplicates(arena.redis!, arena.postgres, numberOf(fault, 'count'))} added`,
  'messages-alien': async (arena, fault) => {
    await addAliens(arena.redis!, numberOf(fault, 'count'));
    return 'added';
  },
  'messages-reorder': async (arena) => {
    await reverseQueues(arena.redis!);
    return 'turned round';
  },

  'postgres-crash': async (arena, fault, { recoveries }) => {
    await arena.postgres.crash();
    return await recoveries.dueTasks(fault);
  },
  'postgres-restart': async (arena, fault, { recoveries }) => {
    await arena.postgres.restart();
    return await recoveries.dueTasks(fault);
  },
  'postgres-terminate': async (arena, fault) => {
    const cut = await arena.postgres.surely(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name LIKE 'dts-%' AND random() < $1`,
      [numberOf(fault, 'share')],
    );
    return `${cut.length} sessions ended`;
  },
  'postgres-freeze': async (arena, fault, { recoveries }) => {
    const chance = new Random(fault.atMs);
    const share = numberOf(fault, 'share');
    const { proxy } = arena.postgres;
    if (share === 1) proxy.freeze();
    else proxy.freezeSome(() => chance.chance(share));
    await pause(numberOf(fault, 'forMs'));
    await proxy.mend();
    return await recoveries.dueTasks(fault);
  },
  'postgres-slow': async (arena, fault) => {
    arena.postgres.proxy.delayMs = numberOf(fault, 'delayMs');
    await pause(numberOf(fault, 'forMs'));
    await arena.postgres.proxy.mend();
    return 'was slow';
  },
  'postgres-slow-disk': async (arena, fault) => {
    const flushes = async (ms: number): Promise<void> => {
      await arena.postgres.surely(`ALTER SYSTEM SET commit_delay = ${ms * 1_000}`);
      await arena.postgres.surely('ALTER SYSTEM SET commit_siblings = 0');
      await arena.postgres.surely('SELECT pg_reload_conf()');
    };
    await flushes(numberOf(fault, 'flushMs'));
    await pause(numberOf(fault, 'forMs'));
    await flushes(0);
    return 'flushed slowly';
  },
  'postgres-reset': async (arena, fault) => {
    arena.postgres.proxy.resetAfter(numberOf(fault, 'afterBytes'));
    return 'armed';
  },
  'lost-commits': async (arena, fault) => {
    arena.postgres.commits.drop(numberOf(fault, 'count'), numberOf(fault, 'every'));
    return 'armed';
  },
};
