import type { Socket } from 'node:net';

/** Watches what one connection carries, and may keep the answers from the client. */
export interface Inspector {
  toServer(chunk: Buffer): void;
  /** What the client is to get of this chunk. */
  toClient(chunk: Buffer): Buffer;
}

/** One connection through the proxy, as an inspector sees it. */
export interface Breakable {
  /** Ends both sides at once, as a reset does. */
  break(): void;
}

export interface LinkSettings {
  delayMs: () => number;
  isCutAt: (bytes: number) => boolean;
  closed: () => void;
  inspectorOf: (link: Breakable) => Inspector | null;
}

/** Two sockets and what goes between them. */
export class Link implements Breakable {
  private readonly inspector: Inspector | null;
  private readonly up: Pipe;
  private readonly down: Pipe;
  private isFrozen = false;

  constructor(
    private readonly client: Socket,
    private readonly onward: Socket,
    private readonly settings: LinkSettings,
  ) {
    this.inspector = settings.inspectorOf(this);
    this.up = new Pipe(client, onward);
    this.down = new Pipe(onward, client);
    for (const socket of [client, onward])
      socket
        .setNoDelay(true)
        .on('error', () => undefined)
        .on('close', () => this.ended());
    client.on('data', (chunk: Buffer) => this.take(this.up, chunk, true));
    onward.on('data', (chunk: Buffer) => this.take(this.down, chunk, false));
  }

  break(): void {
    this.client.resetAndDestroy();
    this.onward.resetAndDestroy();
    this.up.drop();
    this.down.drop();
    this.settings.closed();
  }

  freeze(): void {
    this.isFrozen = true;
    this.up.hold();
    this.down.hold();
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    this.up.release();
    this.down.release();
    if (this.client.destroyed || this.onward.destroyed) this.ended();
  }

  private take(pipe: Pipe, chunk: Buffer, isUp: boolean): void {
    if (this.settings.isCutAt(chunk.length)) {
      // Half of it still arrives.
      pipe.write(chunk.subarray(0, chunk.length / 2), 0);
      setImmediate(() => this.break());
      return;
    }
    if (isUp) this.inspector?.toServer(chunk);
    const passed = isUp || this.inspector === null ? chunk : this.inspector.toClient(chunk);
    if (passed.length > 0) pipe.write(passed, this.settings.delayMs());
  }

  /** One side went: the other is told, unless the line is dead; then it learns of it when the line is back. */
  private ended(): void {
    if (this.isFrozen) return;
    this.onward.end();
    this.client.end();
    this.settings.closed();
  }
}

/** One direction: in order, held back or late, and no faster than the receiver takes it. */
class Pipe {
  private readonly late: { chunk: Buffer; dueAt: number }[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isHeld = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
  ) {}

  write(chunk: Buffer, delayMs: number): void {
    if (!this.isHeld && delayMs === 0 && this.late.length === 0) return this.pass(chunk);
    this.late.push({ chunk, dueAt: performance.now() + delayMs });
    if (!this.isHeld) this.passDue();
  }

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    this.passDue();
  }

  drop(): void {
    this.late.length = 0;
  }

  private passDue(): void {
    if (this.timer !== null) return;
    while (!this.isHeld && this.late.length > 0 && this.late[0].dueAt <= performance.now())
      this.pass(this.late.shift()!.chunk);
    if (this.isHeld || this.late.length === 0) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.passDue();
      },
      Math.max(1, this.late[0].dueAt - performance.now()),
    );
  }

  private pass(chunk: Buffer): void {
    if (this.to.destroyed || this.to.writableEnded) return;
    if (this.to.write(chunk) || this.from.isPaused()) return;
    this.from.pause();
    this.to.once('drain', () => this.from.resume()).once('close', () => this.from.resume());
  }
}
