import type { EventEnvelope } from '../domain/events.js';
import type { JobView } from '../persistence/job-query.store.js';

/** What a stream about one job begins with: the job as it was at `seq`; the events behind it follow. */
export interface SnapshotEnvelope extends Omit<EventEnvelope, 'type' | 'data'> {
  type: 'snapshot';
  data: JobView;
}

/** What streams are made of. */
export type Message = EventEnvelope | SnapshotEnvelope;
