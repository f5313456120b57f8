/** How the texts of a query string become values. A text that means nothing is left, for the field's own rule to refuse. */
import { Transform } from 'class-transformer';
import { parseInstant } from './instant.js';

/** `"50"` → 50; decimal digits only. */
export function WholeNumber(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
  );
}

/** `"true"` / `"false"` → boolean. */
export function Flag(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    value === 'true' ? true : value === 'false' ? false : value,
  );
}

/** `"a,b"` → `['a', 'b']`. */
export function CommaList(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value));
}

/** RFC 3339 → Date. */
export function Instant(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? (parseInstant(value) ?? value) : value,
  );
}
