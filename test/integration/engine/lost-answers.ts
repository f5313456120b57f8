import type { SqlDatabase, Statement } from '../../../src/persistence/sql-database.js';

type Method = (...args: unknown[]) => Promise<unknown>;

/** A way to the database on which acknowledgements get lost: the server has done it, and the caller hears of a failure. */
export class LossyWay {
  lost = 0;
  private chance: () => boolean = () => false;

  constructor(database: SqlDatabase) {
    const ways = database as unknown as Record<string, Method>;
    for (const name of ['query', 'queryInsistently', 'transaction']) {
      const send = ways[name].bind(database);
      ways[name] = async (...args) => {
        const answer = await send(...args);
        if (name === 'transaction' || writes(args[0])) this.maybeLose();
        return answer;
      };
    }
  }

  /** The acknowledgement of the next writing statement or transaction. */
  loseNext(): void {
    this.chance = () => {
      this.chance = () => false;
      return true;
    };
  }

  /** Each with this probability, until it is set again. */
  loseEach(probability: number, random: () => number): void {
    this.chance = () => random() < probability;
  }

  private maybeLose(): void {
    if (!this.chance()) return;
    this.lost += 1;
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' });
  }
}

/** The statistics write by themselves, whenever they like. */
function writes(statement: unknown): boolean {
  const { text } = statement as Statement;
  return /\b(INSERT|UPDATE|DELETE)\b/.test(text) && !text.includes('ended_attempts');
}
