import { expect, test } from '@jest/globals';
import { Heartbeats } from '../../../src/runtime/heartbeats.js';

const EVERY_MS = 1_000;
/** What a lease of three heartbeats leaves to one that trusts itself for 80 % of it. */
const TRUST_MS = 2_400;

/** A heart on a clock of the test's, whose beats are answered after a time. */
function heart(answerAfterMs: (sentAt: number) => number) {
  let now = 0;
  const sent: number[] = [];
  const pending: { at: number; settle: () => void }[] = [];
  let grantedAt = 0;
  const beats = new Heartbeats(EVERY_MS, async () => {
    const sentAt = now;
    sent.push(sentAt);
    await new Promise<void>((settle) => pending.push({ at: sentAt + answerAfterMs(sentAt), settle }));
    grantedAt = Math.max(grantedAt, sentAt);
  });
  const runUntil = async (
    endMs: number,
  ): Promise<{ sent: number[]; longestDistrust: number; most: number }> => {
    let longestDistrust = 0;
    let most = 0;
    for (; now <= endMs; now += 50) {
      beats.tick(now);
      for (const one of pending.filter(({ at }) => at <= now)) {
        pending.splice(pending.indexOf(one), 1);
        one.settle();
      }
      // Promises settle before the next tick, as they would.
      await new Promise<void>((resolve) => setImmediate(resolve));
      most = Math.max(most, pending.length);
      longestDistrust = Math.max(longestDistrust, now - grantedAt - TRUST_MS);
    }
    return { sent, longestDistrust, most };
  };
  return { runUntil };
}

test('heartbeats that are answered at once are sent once a period', async () => {
  const { sent } = await heart(() => 0).runUntil(5_000);
  expect(sent).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000]);
});

test('answers that are later than a period cost no lease while they take less than it leaves', async () => {
  const { longestDistrust, most } = await heart(() => 1_700).runUntil(60_000);
  expect(longestDistrust).toBeLessThanOrEqual(0);
  expect(most).toBeLessThanOrEqual(4);
});

test('one that is never answered does not keep the next from being sent', async () => {
  const { longestDistrust } = await heart((sentAt) => (sentAt === 3_000 ? 60_000 : 0)).runUntil(10_000);
  expect(longestDistrust).toBeLessThanOrEqual(0);
});

test('where none is answered, no more than four are under way', async () => {
  const { sent } = await heart(() => 1_000_000).runUntil(30_000);
  expect(sent).toEqual([0, 500, 1_000, 1_500]);
});

test('after those under way were given up the next is sent at once, whatever becomes of those', async () => {
  const answers: (() => void)[] = [];
  const beats = new Heartbeats(EVERY_MS, async () => {
    await new Promise<void>((resolve) => answers.push(resolve));
  });
  for (let now = 0; now < 10 * EVERY_MS; now += 250) beats.tick(now);
  beats.abandon();
  const now = 10 * EVERY_MS;
  beats.tick(now);
  expect(answers).toHaveLength(5);
  for (const answer of answers.slice(0, 4)) answer();
  await new Promise<void>((resolve) => setImmediate(resolve));
  // The new one is not answered yet: the next is due after half the time, not sooner or later for the old answers.
  beats.tick(now + EVERY_MS / 2 - 1);
  expect(answers).toHaveLength(5);
  beats.tick(now + EVERY_MS / 2);
  expect(answers).toHaveLength(6);
});
