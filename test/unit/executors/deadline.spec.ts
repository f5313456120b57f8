import { jest } from '@jest/globals';
import { monotonicMs, onDeadline } from '../../../src/executors/deadline.js';

describe('a deadline', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('passes once, at its moment', () => {
    const passed = jest.fn();
    onDeadline(monotonicMs() + 500, passed);
    jest.advanceTimersByTime(499);
    expect(passed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(2);
    expect(passed).toHaveBeenCalledTimes(1);
  });

  it('may be weeks away', () => {
    const passed = jest.fn();
    const weeks = 30 * 24 * 3_600_000;
    onDeadline(monotonicMs() + weeks, passed);
    jest.advanceTimersByTime(weeks - 1_000);
    expect(passed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(2_000);
    expect(passed).toHaveBeenCalledTimes(1);
  });

  it('passes soon when it has passed already', () => {
    const passed = jest.fn();
    onDeadline(monotonicMs() - 1, passed);
    jest.advanceTimersByTime(1);
    expect(passed).toHaveBeenCalledTimes(1);
  });

  it('can be called off, also between its steps', () => {
    const passed = jest.fn();
    const cancel = onDeadline(monotonicMs() + 200_000, passed);
    jest.advanceTimersByTime(100_000);
    cancel();
    jest.advanceTimersByTime(200_000);
    expect(passed).not.toHaveBeenCalled();
  });
});
