/** The body of `POST /jobs/batch`: many bodies of `POST /jobs`. */
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray } from 'class-validator';
import { type Fault, pointerTo } from '../domain/faults.js';
import { isJsonObject } from '../domain/json.js';
import { checkBody } from '../http/validation.js';
import { CreateJobDto } from './create-job.dto.js';

/** Most jobs of one request. */
const MAX_JOBS = 500;

export class CreateJobBatchDto {
  /** Each as `POST /jobs` takes it. */
  @ApiProperty({ type: [CreateJobDto], minItems: 1, maxItems: MAX_JOBS })
  @ArrayMaxSize(MAX_JOBS)
  @ArrayMinSize(1)
  @IsArray()
  jobs: CreateJobDto[];
}

/** The jobs a body asks for, which mean something only where `faults` is empty. */
export function readJobBatch(body: unknown): { jobs: CreateJobDto[]; faults: Fault[] } {
  const { value, faults } = checkBody(CreateJobBatchDto, body);
  const given: unknown = value.jobs;
  // A body of a million jobs is refused for their number: looking into each would answer with a million faults.
  if (!Array.isArray(given) || given.length > MAX_JOBS) return { jobs: [], faults };
  const jobs = given.map((item: unknown, place) => {
    const at = pointerTo('/jobs', place);
    if (!isJsonObject(item)) {
      faults.push({ pointer: at, message: 'A job must be an object.' });
      return new CreateJobDto();
    }
    const job = checkBody(CreateJobDto, item);
    for (const { pointer, message } of job.faults) faults.push({ pointer: at + pointer, message });
    return job.value;
  });
  return { jobs, faults };
}

export const JOB_BATCH_EXAMPLES = {
  some: {
    summary: 'Three jobs at once',
    value: {
      jobs: [
        { dag_id: 1, params: { day: '2026-01-30' } },
        { dag_id: 1, params: { day: '2026-01-31' } },
        { dag_id: 1, priority: 'high', params: {} },
      ],
    },
  },
  later: {
    summary: 'One at once, one at a time',
    value: { jobs: [{ dag_id: 1 }, { dag_id: 1, run_at: '2030-01-01T00:00:00Z' }] },
  },
};
