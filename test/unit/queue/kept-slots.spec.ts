import { describe, expect, it } from '@jest/globals';
import type { Priority } from '../../../src/domain/priority.js';
import { SlotAllocator } from '../../../src/queue/slot-allocator.js';

/** An allocator whose fetches never answer, so that flags stay as the test sets them. */
function openAllocator(...flagged: Priority[]): SlotAllocator<string> {
  const allocator = new SlotAllocator<string>({
    slots: 1,
    fetch: async (priority) => (flagged.includes(priority) ? await new Promise(() => undefined) : null),
    run: async () => undefined,
    putBack: async () => undefined,
  });
  allocator.start();
  return allocator;
}

/** Lets every class that holds nothing be found empty. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe('A slot', () => {
  it('is kept when no class may hold messages', async () => {
    const allocator = openAllocator();
    await settled();
    expect(allocator.keep('normal', 0)).toBe(true);
    expect(allocator.keep('low', 1_000)).toBe(true);
  });

  it('is given up when a higher class may hold messages', async () => {
    const allocator = openAllocator('high');
    await settled();
    expect(allocator.keep('normal', 0)).toBe(false);
    expect(allocator.keep('critical', 0)).toBe(true);
  });

  it('is given up after sixteen in a row while its own class waits', async () => {
    const allocator = openAllocator('normal');
    await settled();
    expect(allocator.keep('normal', 15)).toBe(true);
    expect(allocator.keep('normal', 16)).toBe(false);
  });

  it('is kept for a successor that may not be ready only when no message of its class may wait', async () => {
    const idle = openAllocator('low');
    await settled();
    expect(idle.keep('normal', Infinity)).toBe(true);
    const waiting = openAllocator('normal');
    await settled();
    expect(waiting.keep('normal', Infinity)).toBe(false);
    // A question that was answered with no counts as nothing.
    expect(waiting.keep('normal', 0)).toBe(true);
  });

  it('is given up once a lower class has been passed over too often', async () => {
    const allocator = openAllocator('low');
    await settled();
    const answers = Array.from({ length: 20 }, () => allocator.keep('normal', 0));
    expect(answers[0]).toBe(true);
    expect(answers.indexOf(false)).toBeLessThanOrEqual(16);
    expect(answers.at(-1)).toBe(false);
  });

  it('is given up when the allocator stops', async () => {
    const allocator = openAllocator();
    await settled();
    await allocator.stop();
    expect(allocator.keep('normal', 0)).toBe(false);
  });
});
