import type { Arena } from './arena.js';
import type { Fault } from './plan.js';
import type { Recoveries } from './recoveries.js';
import type { Zombies } from './zombies.js';

/** Who looks at what faults lead to. */
export interface Watchers {
  recoveries: Recoveries;
  zombies: Zombies;
}

/** Lets a fault of its kind happen. @returns what became of it */
export type Injector = (arena: Arena, fault: Fault, watchers: Watchers) => Promise<string>;

export const numberOf = (fault: Fault, name: string): number => Number(fault.parameters[name]);
