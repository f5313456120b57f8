import { Bus, type Nudge } from '../../../src/bus/bus.js';

/** Carries nudges within this process, and loses the ones the test wants lost. */
export class LossyBus extends Bus {
  lose: (nudge: Nudge) => boolean = () => false;
  private readonly listeners = new Set<(nudge: Nudge) => void>();
  private readonly reconnectListeners = new Set<() => void>();

  publish(nudges: readonly Nudge[]): void {
    const heard = nudges.filter((nudge) => !this.lose(nudge));
    queueMicrotask(() => {
      for (const nudge of heard) for (const listener of this.listeners) listener(nudge);
    });
  }

  subscribe(listener: (nudge: Nudge) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onReconnect(listener: () => void): () => void {
    this.reconnectListeners.add(listener);
    return () => this.reconnectListeners.delete(listener);
  }

  async close(): Promise<void> {}

  reconnect(): void {
    for (const listener of this.reconnectListeners) listener();
  }
}
