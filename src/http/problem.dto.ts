import { ERRORS, type ErrorCode } from '../domain/errors.js';
import type { Fault } from '../domain/faults.js';
import type { Problem } from './problem.js';
import { ApiProperty } from '@nestjs/swagger';

/** One thing wrong with a request. */
export class FaultDto implements Fault {
  /** RFC 6901 pointer into the body, or `/name` of a query parameter; empty for the whole body. */
  @ApiProperty({ example: '/tasks/3/dependencies/0' })
  pointer: string;

  /** What is wrong and what was expected. */
  @ApiProperty({ example: 'There is no task "extrakt".' })
  message: string;
}

/** Every error, as RFC 9457 says. */
export class ProblemDto implements Problem {
  /** `urn:dts:problem:` and the code. */
  @ApiProperty({ pattern: '^urn:dts:problem:[a-z_]+$', example: 'urn:dts:problem:dag_not_found' })
  type: string;

  /** The same text for every occurrence of a code. */
  @ApiProperty({ example: 'No such DAG' })
  title: string;

  @ApiProperty({ type: 'integer', minimum: 400, maximum: 599, example: 404 })
  status: number;

  /** What happened this time. */
  @ApiProperty({ example: 'No such DAG' })
  detail: string;

  /** The path that was asked for; empty when the request could not be read that far. */
  @ApiProperty({ example: '/dags/4711' })
  instance: string;

  /** What programs should look at; never changes its meaning. */
  @ApiProperty({ enum: Object.keys(ERRORS), example: 'dag_not_found' })
  code: ErrorCode;

  /** Every fault of the request at once; empty when the error is not about single fields. */
  @ApiProperty({ type: [FaultDto] })
  errors: Fault[];

  /** Also in the header `X-Request-Id`, and in our log. */
  @ApiProperty({ type: String, nullable: true, example: '4f6c2a90-93a4-4d52-8d1f-0b8f2f8f9d11' })
  request_id: string | null;
}
