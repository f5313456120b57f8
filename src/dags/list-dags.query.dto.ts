import { IsBoolean, IsString, MaxLength } from 'class-validator';
import { ListQuery } from '../http/list-query.dto.js';
import { MayBeMissing } from '../http/optional.js';
import { Flag } from '../http/query-fields.js';

export class ListDagsQuery extends ListQuery {
  /** Part of the name, in any case. */
  @MayBeMissing()
  @MaxLength(200)
  @IsString()
  name?: string;

  /** One whole tag. */
  @MayBeMissing()
  @MaxLength(100)
  @IsString()
  tag?: string;

  /** Only those that are paused, or only those that are not. */
  @MayBeMissing()
  @IsBoolean()
  @Flag()
  is_paused?: boolean;
}
