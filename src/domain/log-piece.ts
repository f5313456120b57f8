/** What an attempt writes, in pieces: the log of an attempt is the text of its pieces, one after the other. */

/** `system` is what we say ourselves: markers of what is left out, and the exchanges of http tasks. */
export const LOG_STREAMS = ['stdout', 'stderr', 'system'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

/** Text of one stream, on its way to the database; without NUL and lone surrogates. */
export interface LogPiece {
  stream: LogStream;
  /** When its first byte came, in milliseconds since 1970. */
  atMs: number;
  text: string;
  /** Bytes that were written before this piece and are not in the log; only a marker has any. */
  leftOutBytes: number;
}

/** The marker that stands for bytes which are not in the log. */
export function leftOutMarker(bytes: number, atMs: number): LogPiece {
  return { stream: 'system', atMs, text: `\n[... ${bytes} bytes left out ...]\n`, leftOutBytes: bytes };
}

/** Bytes that the log is short of when a piece is dropped, for the marker that takes its place. */
export function lossOf({ stream, text, leftOutBytes }: LogPiece): number {
  return stream === 'system' ? leftOutBytes : Buffer.byteLength(text);
}
