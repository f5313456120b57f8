import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsString, Length, Max, Min } from 'class-validator';
import { MayBeMissing } from './optional.js';
import { WholeNumber } from './query-fields.js';

export const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 200;

/** What every list takes. */
export class ListQuery {
  /** Most items of one page. */
  @ApiPropertyOptional({ type: 'integer', default: DEFAULT_LIMIT })
  @MayBeMissing()
  @Max(LARGEST_LIMIT)
  @Min(1)
  @IsInt()
  @WholeNumber()
  limit?: number = DEFAULT_LIMIT;

  /** `next_cursor` of the page before, with the same filters. */
  @MayBeMissing()
  @Length(1, 200)
  @IsString()
  cursor?: string;
}
