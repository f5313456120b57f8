/**
 * What a queue lost and somebody is making up for: everything queued is to be offered again. One process at a time
 * holds it.
 */
export interface QueueLoss {
  /** Still at it; to be said every second or so. */
  renew(): Promise<void>;
  /** All was offered. Changes nothing when more was lost meanwhile: that is another loss. */
  repaired(): Promise<void>;
  /** It was not: the next who asks gets it. A holder that dies without a word is overtaken after a few seconds. */
  giveUp(): Promise<void>;
}

/** Knows whether a backend, which may forget, still holds what it was given. */
export interface QueueMemory {
  /** A loss that nobody is making up for yet, 'claimed' while somebody is, or null. One round trip. */
  claimLoss(): Promise<QueueLoss | 'claimed' | null>;
  /** Says that messages may be missing, although the backend did not forget them. */
  reportLoss(): Promise<void>;
}
