import type { Breakable, Inspector } from './link.js';
import { leadingTexts, MessageReader } from './postgres-messages.js';

const WRITES = /\b(insert|update|delete)\b/i;
const COMMITS = /^\s*(commit|end)\b/i;
/** The tag of a command that was complete, and touched or gave back no row. */
const WITHOUT_EFFECT = /^(INSERT 0|UPDATE|DELETE|SELECT) 0$/;
const LABEL_LENGTH = 60;

/**
 * Drops acknowledgements of commits: the server does what it was told, and the connection breaks before the client hears
 * of it. A request commits when it is a COMMIT, or writes outside of a transaction block. One that fails at the server or
 * changes nothing is no commit worth losing: its answer passes and the next request is looked at.
 */
export class CommitAcks {
  /** How often, by what was committed: the name of the last statement, or its first words. */
  readonly dropped = new Map<string, number>();
  private left = 0;
  private every = 1;
  private passed = 0;

  get total(): number {
    return [...this.dropped.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Drops so many more, of each `every` commits one. */
  drop(count: number, every = 1): void {
    this.left += count;
    this.every = every;
  }

  /** Drops none any more. @returns how many were not had */
  relent(): number {
    const { left } = this;
    this.left = 0;
    return left;
  }

  inspect(link: Breakable): Inspector {
    return new CommitWatcher(link, {
      claim: () => {
        if (this.left === 0 || ++this.passed % this.every !== 0) return false;
        this.left--;
        return true;
      },
      unclaim: () => this.left++,
      done: (label) => this.dropped.set(label, (this.dropped.get(label) ?? 0) + 1),
    });
  }
}

interface Claims {
  claim(): boolean;
  unclaim(): void;
  done(label: string): void;
}

/** One connection: who is asking for what, and whether the answer is to be swallowed. */
class CommitWatcher implements Inspector {
  private readonly fromClient = new MessageReader(true);
  private readonly fromServer = new MessageReader();
  /** Texts of prepared statements, by their name. */
  private readonly texts = new Map<string, string>();
  private bound: { name: string; text: string } | null = null;
  private label = '';
  private isInBlock = false;
  /** The answer that the client shall not have; null while it gets everything. */
  private swallowed: Buffer[] | null = null;
  private isEffectless = false;

  constructor(
    private readonly link: Breakable,
    private readonly claims: Claims,
  ) {}

  toServer(chunk: Buffer): void {
    for (const { type, body } of this.fromClient.take(chunk)) {
      if (type === 'P') this.prepared(body);
      else if (type === 'B') this.bind(leadingTexts(body, 2)[1]);
      else if (type === 'Q') this.asked('', leadingTexts(body, 1)[0]);
      else if (type === 'S' && this.bound !== null) {
        this.asked(this.bound.name, this.bound.text);
        this.bound = null;
      }
    }
  }

  toClient(chunk: Buffer): Buffer {
    const wasSwallowing = this.swallowed !== null;
    const messages = this.fromServer.take(chunk);
    for (const { type, body } of messages) {
      if (type === 'E' || (type === 'C' && WITHOUT_EFFECT.test(leadingTexts(body, 1)[0])))
        this.isEffectless = true;
      if (type !== 'Z') continue;
      this.isInBlock = body.toString('latin1', 0, 1) !== 'I';
      if (this.swallowed === null) continue;
      if (!this.isEffectless) {
        this.claims.done(this.label);
        this.link.break();
        return Buffer.alloc(0);
      }
      this.claims.unclaim();
      const passed = Buffer.concat([...this.swallowed, chunk]);
      this.swallowed = null;
      return passed;
    }
    if (!wasSwallowing || this.swallowed === null) return chunk;
    this.swallowed.push(chunk);
    return Buffer.alloc(0);
  }

  private prepared(body: Buffer): void {
    const [name, text] = leadingTexts(body, 2);
    this.texts.set(name, text);
  }

  private bind(name: string): void {
    this.bound = { name, text: this.texts.get(name) ?? '' };
  }

  private asked(name: string, text: string): void {
    const isCommit = COMMITS.test(text);
    const what = name || text.trim().replace(/\s+/g, ' ').slice(0, LABEL_LENGTH);
    if (!isCommit) this.label = what;
    if (this.isInBlock ? !isCommit : !WRITES.test(text)) return;
    if (!this.claims.claim()) return;
    this.isEffectless = false;
    this.swallowed = [];
  }
}
