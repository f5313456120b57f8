import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import type { WorkerEvent } from '../domain/events.js';
import { WorkerLeaseStore } from '../persistence/worker-lease.store.js';
import { VERSION } from '../version.js';

/** Part of the lease that is never used: heartbeats travel, clocks tick differently, killing takes time. */
const MARGIN = 0.2;
/** A heartbeat that is not answered for half of its period tries another connection; but not for a hiccup. */
const MIN_PATIENCE_MS = 500;

/**
 * This process as a worker: its identity and how long that may be trusted.
 *
 * The database decides when the lease ends, by its own clock. The process counts from the moment it *sent* the last
 * renewal that was granted, on its monotonic clock, and stops trusting itself earlier than the database does. An identity
 * that was lost is never used again; the next `register` makes a new one.
 */
@Injectable()
export class WorkerLease {
  private readonly logger = new Logger('Worker');
  private current: string | null = null;
  /** The identity that is being registered. */
  private next: string | null = null;
  private grantedAt = 0;

  constructor(
    private readonly store: WorkerLeaseStore,
    private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** null before `register` and after a loss. */
  get id(): string | null {
    return this.current;
  }

  /** Milliseconds this process may still act as the worker it is; 0 when it may not. */
  trustMs(): number {
    if (this.current === null) return 0;
    const { leaseSeconds } = this.config.worker;
    return Math.max(0, this.grantedAt + leaseSeconds * 1_000 * (1 - MARGIN) - performance.now());
  }

  /** May be repeated until it succeeds: it stays one identity, although the answer to a try may be lost. */
  async register(): Promise<void> {
    this.next ??= randomUUID();
    const id = this.next;
    const sentAt = performance.now();
    const { slots, leaseSeconds } = this.config.worker;
    const isOurs = await this.store.register(
      { id, hostname: hostname(), pid: process.pid, slots, version: VERSION },
      leaseSeconds,
    );
    this.next = null;
    if (!isOurs) return await this.register();
    this.current = id;
    this.grantedAt = sentAt;
    this.logger.log(`Worker ${id} is online with ${slots} slots.`);
    this.tell('worker.online', id);
  }

  /** One heartbeat; several may be under way. @returns false when the worker was declared lost */
  async renew(): Promise<boolean> {
    const id = this.current;
    if (id === null) return false;
    const sentAt = performance.now();
    const { leaseSeconds, heartbeatSeconds } = this.config.worker;
    const patienceMs = Math.max(MIN_PATIENCE_MS, heartbeatSeconds * 500);
    const isGranted = await this.store.renew(id, leaseSeconds, patienceMs);
    // Answers may overtake each other, and come after the identity was given up.
    if (isGranted && id === this.current) this.grantedAt = Math.max(this.grantedAt, sentAt);
    return isGranted;
  }

  /** Gives the identity up; whoever still runs under it is a zombie. */
  forget(): void {
    this.current = null;
  }

  async drain(): Promise<void> {
    if (this.current === null) return;
    await this.store.drain(this.current);
    this.tell('worker.draining', this.current);
  }

  async remove(): Promise<void> {
    const id = this.current;
    if (id === null) return;
    // First: a heartbeat that finds the row gone must not take that for a loss.
    this.current = null;
    await this.store.remove(id);
  }

  private tell(type: WorkerEvent['type'], id: string): void {
    const data = { worker_id: id, hostname: hostname(), pid: process.pid };
    const at = new Date().toISOString();
    this.bus.publish([
      {
        kind: 'worker',
        event: { seq: 0, type, run_id: null, dag_id: null, task: null, attempt: null, at, data },
      },
    ]);
  }
}
