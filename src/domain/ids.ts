/**
 * Ids of jobs: UUID version 7 (RFC 9562 §5.7), so that newer jobs sort after older ones and an index grows at its end.
 */

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAX_TIMESTAMP_MS = 2 ** 48 - 1;

/**
 * Makes a UUID v7: 48 bits of `nowMs`, then the last 74 of the 122 random bits of a UUID v4, which has its variant at the same
 * place. Random bits come as such an id because Node.js keeps a stock of them, and they need not be written out anew.
 *
 * @throws RangeError when the time does not fit 48 bits, or for anything but a UUID v4 in lower case
 */
export function uuidv7(nowMs: number, uuidv4: string): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs > MAX_TIMESTAMP_MS) {
    throw new RangeError(`A UUID v7 needs whole milliseconds from 0 to 2^48 - 1, not ${nowMs}`);
  }
  if (uuidv4.length !== 36 || uuidv4[14] !== '4') {
    throw new RangeError(`A UUID v7 takes its random bits from a UUID v4, not ${JSON.stringify(uuidv4)}`);
  }
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuidv4.slice(15)}`;
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
