/**
 * Ids of jobs: UUID version 7 (RFC 9562 §5.7), so that newer jobs sort after older ones and an index grows at its end.
 */

/** Random bytes that one id takes. */
export const UUID_RANDOM_BYTES = 10;

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAX_TIMESTAMP_MS = 2 ** 48 - 1;

/**
 * Makes a UUID v7: 48 bits of `nowMs`, then 74 of the 80 random bits, with version and variant in their places.
 * @throws RangeError when the time does not fit 48 bits or there are fewer than 10 random bytes.
 */
export function uuidv7(nowMs: number, randomBytes: Uint8Array): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs > MAX_TIMESTAMP_MS) {
    throw new RangeError(`A UUID v7 needs whole milliseconds from 0 to 2^48 - 1, not ${nowMs}`);
  }
  if (randomBytes.length < UUID_RANDOM_BYTES) {
    throw new RangeError(`A UUID v7 needs ${UUID_RANDOM_BYTES} random bytes, not ${randomBytes.length}`);
  }
  const time = nowMs.toString(16).padStart(12, '0');
  const random = Array.from(randomBytes.subarray(0, UUID_RANDOM_BYTES));
  random[0] = (random[0] & 0x0f) | 0x70; // version 7
  random[2] = (random[2] & 0x3f) | 0x80; // variant 10
  const tail = random.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`;
}

/**
 * The smallest UUID whose first 48 bits are `ms`: every UUID v7 of that millisecond or a later one is as large or larger,
 * every earlier one smaller. Times beyond what 48 bits hold become the nearest that they do.
 */
export function firstUuidOf(ms: number): string {
  const time = Math.min(Math.max(ms, 0), MAX_TIMESTAMP_MS).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}

/** The moment inside a UUID v7, or inside a bound that `firstUuidOf` made; milliseconds since 1970. */
export function timeOfUuid(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

/** Whether text is a UUID of any version, in the usual form with hyphens. */
export function isUuid(text: string): boolean {
  return UUID_PATTERN.test(text);
}
