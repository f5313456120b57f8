import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { accepted, checkBody, checkQuery, type DtoClass, fieldsOf } from './validation.js';

/** Checks every `@Body()` and `@Query()` whose type is a DTO class; other arguments pass as they are. */
@Injectable()
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (metatype === undefined || !isDto(metatype)) return value;
    if (type === 'body') return accepted(checkBody(metatype, value));
    if (type === 'query') return accepted(checkQuery(metatype, (value ?? {}) as Record<string, unknown>));
    return value;
  }
}

function isDto(metatype: new (...args: never[]) => object): metatype is DtoClass<object> {
  return fieldsOf(metatype).size > 0;
}
