import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Progress } from '../../../src/engine/progress.js';

let progress: Progress;
beforeEach(() => {
  jest.useFakeTimers();
  progress = new Progress();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('A loop that is marked', () => {
  it('is stuck when it was silent for longer than it may be, until it is marked again', () => {
    progress.watch('a', 1_000);
    progress.watch('b', 5_000);
    jest.advanceTimersByTime(1_000);
    expect(progress.stuck()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(progress.stuck()).toEqual(['a']);
    progress.mark('a');
    expect(progress.stuck()).toEqual([]);
  });

  it('is not missed when it ended on purpose, even when its last round is marked after that', () => {
    progress.watch('a', 1_000);
    progress.forget('a');
    progress.mark('a');
    jest.advanceTimersByTime(2_000);
    expect(progress.stuck()).toEqual([]);
  });
});

describe('A loop that keeps the time itself', () => {
  it('is stuck when its time stands still for longer than it may', () => {
    let turnedAt = performance.now();
    progress.watchSource('a', 1_000, () => turnedAt);
    jest.advanceTimersByTime(1_001);
    expect(progress.stuck()).toEqual(['a']);
    turnedAt = performance.now();
    expect(progress.stuck()).toEqual([]);
  });

  it('is not missed while it need not turn', () => {
    let turnedAt: number | null = null;
    progress.watchSource('a', 1_000, () => turnedAt);
    jest.advanceTimersByTime(2_000);
    expect(progress.stuck()).toEqual([]);
    turnedAt = 0;
    expect(progress.stuck()).toEqual(['a']);
  });

  it('is not asked any more when it ended on purpose', () => {
    progress.watchSource('a', 1_000, () => -2_000);
    progress.forget('a');
    expect(progress.stuck()).toEqual([]);
  });
});
