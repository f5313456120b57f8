import { failed, FAILURES } from '../../../src/executors/failures.js';
import { stopReasonOf } from '../../../src/executors/executor.js';

describe('a failure', () => {
  it('is retryable as the registry says, unless the executor narrows it', () => {
    expect(failed('exit_code', 'm').error.retryable).toBe(true);
    expect(failed('exit_code', 'm', { retryable: false }).error.retryable).toBe(false);
    expect(failed('bad_config', 'm', { retryable: true }).error.retryable).toBe(false);
  });

  it('names a wait only when there is a next try', () => {
    expect(failed('http_status', 'm', { retryAfterMs: 5 })).toHaveProperty('retryAfterMs', 5);
    expect(failed('http_status', 'm', { retryAfterMs: 5, retryable: false })).not.toHaveProperty(
      'retryAfterMs',
    );
  });

  it('is clean and small, whatever it tells of', () => {
    const { error } = failed('exception', `a\0${'x'.repeat(10_000)}`, {
      details: { text: 'y'.repeat(100_000) },
    });
    expect(JSON.stringify(error).length).toBeLessThan(20_000);
    expect(error.message).not.toContain('\0');
  });

  it('has a code of one word, and says when', () => {
    for (const [code, { when }] of Object.entries(FAILURES)) {
      expect(code).toMatch(/^[a-z_]+$/);
      expect(when).not.toBe('');
    }
  });
});

describe('the reason of a stop', () => {
  it('is the reason of the signal, and a foreign one is a cancel', () => {
    expect(stopReasonOf(AbortSignal.abort('lease_lost'))).toBe('lease_lost');
    expect(stopReasonOf(AbortSignal.abort())).toBe('cancelled');
    expect(stopReasonOf(AbortSignal.abort('toString'))).toBe('cancelled');
  });
});
