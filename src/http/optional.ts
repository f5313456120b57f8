import { ValidateIf } from 'class-validator';

/** A field that may be left out but not be null, unlike `@IsOptional()`, which lets both pass. */
export function MayBeMissing(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}
