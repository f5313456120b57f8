/**
 * Checks of request bodies and query strings against DTO classes: every fault at once, unknown fields refused.
 *
 * class-validator judges single fields; finding unknown fields and copying is done here rather than by class-transformer,
 * which drops keys like `constructor` from nested free JSON without a word and recurses without bound.
 */
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { validationFailed } from '../domain/errors.js';
import { type Fault, pointerTo, quoted } from '../domain/faults.js';
import { isJsonObject } from '../domain/json.js';
import { cleanText } from '../domain/outcome.js';

/** A class whose fields carry class-validator decorators. */
export type DtoClass<Dto extends object> = new () => Dto;

/** What a value says, as far as it is known, and everything that is wrong with it. */
export interface Checked<Dto> {
  /** Only fields of the DTO; trustworthy only where `faults` is empty. */
  value: Dto;
  faults: Fault[];
}

/** Checks a body. Missing fields are left undefined, so that a PATCH can tell them from null. */
export function checkBody<Dto extends object>(dto: DtoClass<Dto>, body: unknown): Checked<Dto> {
  const given = body === undefined ? {} : body;
  if (!isJsonObject(given))
    return { value: new dto(), faults: [{ pointer: '', message: 'The body must be a JSON object.' }] };
  const { known, faults } = sortKeys(dto, given, 'field');
  const value = Object.assign(new dto(), known);
  return { value, faults: [...faults, ...fieldFaults(value)] };
}

/** Checks a query string; each key may be given once. Texts become numbers and dates by the DTO's @Transform. */
export function checkQuery<Dto extends object>(
  dto: DtoClass<Dto>,
  query: Record<string, unknown>,
): Checked<Dto> {
  const { known, faults } = sortKeys(dto, query, 'query parameter');
  for (const [key, value] of Object.entries(known)) {
    if (typeof value === 'string' && cleanText(value) === value) continue;
    const message =
      typeof value === 'string'
        ? `${key} holds characters that cannot be stored.`
        : `${key} is given more than once.`;
    faults.push({ pointer: pointerTo('', key), message });
    delete known[key];
  }
  const value = plainToInstance(dto, known);
  return { value, faults: [...faults, ...fieldFaults(value)] };
}

/** The value of a check without faults. @throws DomainError `validation_failed` */
export function accepted<Dto>(checked: Checked<Dto>): Dto {
  if (checked.faults.length > 0) throw validationFailed(checked.faults);
  return checked.value;
}

function sortKeys(
  dto: DtoClass<object>,
  given: object,
  what: string,
): { known: Record<string, unknown>; faults: Fault[] } {
  const fields = fieldsOf(dto);
  const known: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (fields.has(key)) known[key] = value;
    else faults.push({ pointer: pointerTo('', key), message: `Unknown ${what} ${quoted(key)}.` });
  }
  return { known, faults };
}

const fieldsByClass = new WeakMap<object, ReadonlySet<string>>();

/** The fields of a DTO are those that carry a decorator of class-validator; a class without any is none. */
export function fieldsOf(dto: new (...args: never[]) => object): ReadonlySet<string> {
  let fields = fieldsByClass.get(dto);
  if (fields === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
    fields = new Set(rules.map((rule) => rule.propertyName));
    fieldsByClass.set(dto, fields);
  }
  return fields;
}

function fieldFaults(value: object): Fault[] {
  return validateSync(value, { stopAtFirstError: true, forbidUnknownValues: false }).map((error) => ({
    pointer: pointerTo('', error.property),
    message:
      error.value === undefined
        ? `${error.property} is required.`
        : `${Object.values(error.constraints ?? {})[0] ?? `${error.property} is not valid`}.`,
  }));
}
