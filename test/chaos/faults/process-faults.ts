import { setTimeout as pause } from 'node:timers/promises';
import type { Arena, JournalLine } from '../arena.js';
import { type Injector, numberOf } from '../injector.js';
import type { Member } from '../member.js';
import type { Fault } from '../plan.js';
import type { Zombies } from '../zombies.js';

/** Longer than any process takes to be ready again; a replacement that is not by then is a finding of the end. */
const REPLACED_WITHIN_MS = 30_000;
/** A failpoint nobody came by for so long is given up. */
const ARMED_MS = 12_000;

export const killed: Injector = async (arena, fault, { recoveries }) => {
  const member = arena.at(fault.target);
  const { pid } = member;
  if (pid === null) return 'it was down already';
  if (member.role === 'worker')
    await recoveries.workerDies(pid, fault, () => member.end('SIGKILL', fault.kind));
  else member.end('SIGKILL', fault.kind);
  if (member.role === 'scheduler') await recoveries.schedulerDied(member.name, fault);
  return `killed ${pid}`;
};

export const stopped: Injector = async (arena, fault, { zombies }) => {
  const member = arena.at(fault.target);
  return await member.standstill(async () => {
    const pid = member.stop();
    if (pid === null) return 'it was down already';
    return `stopped ${pid}: ${await standing(member, pid, numberOf(fault, 'forMs'), zombies)}`;
  });
};

/** As `stopped`, by itself, in the middle of something. */
export const zombie: Injector = async (arena, fault, { zombies }) => {
  const member = arena.at(fault.target);
  return await member.standstill(async () => {
    const fired = await armed(arena, fault, [member], 'stop');
    if (fired === null || fired.pid !== member.stop()) return 'it did not come by';
    const outcome = await standing(member, fired.pid, numberOf(fault, 'forMs'), zombies);
    return `stopped ${fired.pid} at ${fired.point}: ${outcome}`;
  });
};

export const rolled: Injector = async (arena, fault) => {
  const members = arena.members.filter(({ role }) => role === fault.target);
  for (const member of members) await replaced(member, fault.kind);
  return `${members.length} replaced`;
};

export const skewed: Injector = async (arena, fault) => {
  const member = arena.at(fault.target);
  member.skew(numberOf(fault, 'skewMs'));
  await replaced(member, fault.kind);
  await pause(numberOf(fault, 'forMs'));
  member.skew(0);
  await replaced(member, fault.kind);
  return 'had a wrong clock';
};

export const failpoint: Injector = async (arena, fault, { recoveries }) => {
  const fired = await armed(arena, fault, arena.members, String(fault.parameters.action));
  if (fired === null) return 'nobody came by';
  const member = arena.members.find(({ lives }) => lives.some(({ pid }) => pid === fired.pid));
  if (fired.what === 'kill' && member?.role === 'worker')
    await recoveries.workerDies(fired.pid, fault, () => undefined);
  if (fired.what === 'kill' && member?.role === 'scheduler')
    await recoveries.schedulerDied(member.name, fault);
  return `${fired.point} in ${member?.name} ${fired.pid}`;
};

/** Arms a failpoint in each of them: the first who comes by fails, the others go on. */
async function armed(
  arena: Arena,
  fault: Fault,
  members: readonly Member[],
  action: string,
): Promise<JournalLine | null> {
  const point = String(fault.parameters.point);
  const id = `${fault.atMs}:${action}:${point}`;
  const { nth = 1, stallMs = 0 } = fault.parameters;
  const armedMs = action === 'kill' ? Number(fault.parameters.forMs ?? ARMED_MS) : ARMED_MS;
  for (const member of members) member.arm({ id, point, action, nth: Number(nth), stallMs: Number(stallMs) });
  const hit = () => arena.journal().find((line) => line.id === id) ?? null;
  for (const deadline = Date.now() + armedMs; hit() === null && Date.now() < deadline;) await pause(25);
  for (const member of members) member.disarm(id);
  return hit();
}

/** Until its time is over; then it goes on, unless it has been replaced meanwhile. */
async function standing(member: Member, pid: number, forMs: number, zombies: Zombies): Promise<string> {
  try {
    if (member.role === 'worker') return await zombies.watch(pid, forMs);
    await pause(forMs);
    return 'stood still';
  } finally {
    if (member.pid === pid) member.resume();
  }
}

/** SIGTERM, and waits until its successor is ready. */
async function replaced(member: Member, cause: string): Promise<void> {
  const pid = member.end('SIGTERM', cause);
  for (const deadline = Date.now() + REPLACED_WITHIN_MS; Date.now() < deadline; await pause(50))
    if (member.pid !== pid && (await member.isReady())) return;
}
