import { Injectable } from '@nestjs/common';
import { DomainError } from '../domain/errors.js';
import { LogQueryStore } from '../persistence/log-query.store.js';
import { cutWindow } from './log-window.js';
import { DEFAULT_LIMIT_BYTES, type TaskLogDto, type TaskLogQuery } from './task-log.dto.js';

/** Logs as people read them: whole, in parts, or while they are written. */
@Injectable()
export class TaskLogsService {
  constructor(private readonly store: LogQueryStore) {}

  /** @throws DomainError `job_not_found`, `task_not_found`, `attempt_not_found` */
  async read(runId: string, task: string, query: TaskLogQuery): Promise<TaskLogDto> {
    const { offset = 0, limit_bytes: maxBytes = DEFAULT_LIMIT_BYTES } = query;
    // Before its log: an attempt that has ended by now has written all of it.
    const found = await this.store.findAttempt(runId, task, query.attempt);
    if (found === 'no_such_job') throw new DomainError('job_not_found');
    if (found === 'no_such_task') throw new DomainError('task_not_found');
    if (found === 'no_such_attempt') throw new DomainError('attempt_not_found');
    const { idx, attempt, isEnded } = found;
    const log =
      attempt === null
        ? { pieces: [], sizeBytes: 0, leftOutBytes: 0 }
        : await this.store.read(runId, idx, attempt, offset, maxBytes);
    const window = cutWindow(log.pieces, offset, maxBytes);
    return {
      run_id: runId,
      task,
      attempt,
      offset: window.offset,
      next_offset: window.nextOffset,
      size: log.sizeBytes,
      complete: isEnded && window.nextOffset >= log.sizeBytes,
      truncated: log.leftOutBytes > 0,
      text: window.text,
      spans: window.spans,
    };
  }
}
