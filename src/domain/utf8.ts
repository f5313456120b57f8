/** Cutting UTF-8 between characters, never inside one. */

/** Drops the continuation bytes of a character whose start is not there. */
export function withoutCutStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && start < bytes.length && (bytes[start] & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}

/** Drops a last character of which only some bytes are there. */
export function withoutCutEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= 4 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    return lengthOf(byte) > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Bytes of the character at the start of valid UTF-8; 0 of nothing. */
export function firstCharacterBytes(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : Math.min(lengthOf(bytes[0]), bytes.length);
}

function lengthOf(firstByte: number): number {
  return firstByte >= 0xf0 ? 4 : firstByte >= 0xe0 ? 3 : firstByte >= 0xc0 ? 2 : 1;
}
