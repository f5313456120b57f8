import { ApiProperty } from '@nestjs/swagger';
import { registerDecorator } from 'class-validator';
import { MOST_TASKS } from '../domain/graph.js';

/** `"failed"`, `"start"`, or names of tasks. Whether there are such tasks is known to the job only. */
function IsRerunFrom(): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name: 'isRerunFrom',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (value: unknown) =>
          value === 'failed' ||
          value === 'start' ||
          (Array.isArray(value) &&
            value.length >= 1 &&
            value.length <= MOST_TASKS &&
            value.every((name) => typeof name === 'string')),
        defaultMessage: () =>
          `$property must be "failed", "start" or a list of 1 to ${MOST_TASKS} names of tasks`,
      },
    });
  };
}

export class RerunJobDto {
  /**
   * `failed`: what did not succeed. `start`: everything. Names: these tasks, and besides them what did not succeed, since
   * that has no output to reuse. What is downstream of a task that runs again runs again in any case.
   */
  @ApiProperty({
    oneOf: [
      { type: 'string', enum: ['failed', 'start'] },
      { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: MOST_TASKS },
    ],
    example: 'failed',
  })
  @IsRerunFrom()
  from: 'failed' | 'start' | string[];
}

export const RERUN_EXAMPLES = {
  failed: { summary: 'What did not succeed', value: { from: 'failed' } },
  start: { summary: 'Everything', value: { from: 'start' } },
  tasks: { summary: 'These tasks and what is below them', value: { from: ['transform'] } },
};
