import { registerDecorator, type ValidationOptions } from 'class-validator';

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** A moment as RFC 3339 writes it, offset included; null for anything else, also for 30 February. */
export function parseInstant(text: string): Date | null {
  const parts = RFC_3339.exec(text);
  if (parts === null) return null;
  const [year, month, day] = parts.slice(1, 4).map(Number);
  // Date.parse rolls 30 February over into March.
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  const instant = new Date(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(instant.getTime()) || year === 0 ? null : instant;
}

/** For fields of bodies, which stay texts. */
export function IsInstant(options?: ValidationOptions): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name: 'isInstant',
      target: target.constructor,
      propertyName: String(propertyKey),
      options,
      validator: {
        validate: (value: unknown) => typeof value === 'string' && parseInstant(value) !== null,
        defaultMessage: () => '$property must be a time as in RFC 3339, like 2026-01-31T12:00:00Z',
      },
    });
  };
}
