/** How the server ends a raw WebSocket; docs/events.md shows this table, and a test holds it to it. */
export const CLOSE_CODES = {
  /** RFC 6455: going away. */
  goingAway: { code: 1001, reason: 'server going away', when: 'the process stops; connect again' },
  /** RFC 6455; sent by the WebSocket library. */
  tooBig: { code: 1009, reason: '', when: 'the client sent more than 64 KiB at once' },
  /** RFC 6455: try again later. */
  unavailable: { code: 1013, reason: 'try again later', when: 'the database did not answer' },
  /** Here and below: from the range that is left to applications. */
  slowReader: { code: 4008, reason: 'slow reader', when: 'the client takes less than it is sent' },
  invalid: { code: 4400, reason: 'since must be a sequence number', when: '`since` is malformed' },
  unknownJob: { code: 4404, reason: 'no such job', when: 'there is no job of that `run_id`' },
} as const;

export type CloseCode = keyof typeof CLOSE_CODES;
