import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Outlet } from '../../../src/events/outlet.js';

class Reader extends Outlet {
  kept = 1_000;
  isOpen = true;

  send(): void {}
  backlog(): number {
    return this.kept;
  }
  isLagging(): boolean {
    return this.kept > 0;
  }
  isOverrun(): boolean {
    return false;
  }
  drop(): void {
    this.isOpen = false;
  }
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('waiting for a reader', () => {
  test('ends at once when it has taken everything', async () => {
    const reader = new Reader();
    reader.kept = 0;
    expect(await reader.drained()).toBe(true);
  });

  test('goes on as long as it takes anything at all, however slowly', async () => {
    const reader = new Reader();
    const drained = reader.drained();
    for (reader.kept = 50; reader.kept > 0; reader.kept -= 1) await jest.advanceTimersByTimeAsync(9_000);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await drained).toBe(true);
  });

  test('ends with dropping it when it has taken nothing for ten seconds', async () => {
    const reader = new Reader();
    const drained = reader.drained();
    await jest.advanceTimersByTimeAsync(9_900);
    expect(reader.isOpen).toBe(true);
    await jest.advanceTimersByTimeAsync(200);
    expect(reader.isOpen).toBe(false);
    expect(await drained).toBe(false);
  });

  test('ends when it goes by itself', async () => {
    const reader = new Reader();
    const drained = reader.drained();
    reader.isOpen = false;
    await jest.advanceTimersByTimeAsync(100);
    expect(await drained).toBe(false);
  });
});
