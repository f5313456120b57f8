/** How one environment variable is read. `T` is what it becomes. */
export interface Variable<T> {
  /** Completes "expected …". */
  expected: string;
  /** undefined = the text does not fit. */
  parse(text: string): T | undefined;
  /** Taken when the variable is unset or empty. */
  fallback: T;
  /** Never shown; may also come from a file named by `<NAME>_FILE`. */
  secret?: boolean;
}

interface Range {
  min: number;
  max: number;
}

/** A whole number within the range, in plain digits. */
export function wholeNumber(fallback: number, { min, max }: Range): Variable<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    fallback,
    parse: (text) => inRange(/^\d{1,15}$/.test(text) ? Number(text) : NaN, min, max),
  };
}

/** Seconds, with a fraction if need be. */
export function seconds(fallback: number, { min, max }: Range): Variable<number> {
  return {
    expected: `a number of seconds from ${min} to ${max}`,
    fallback,
    parse: (text) => inRange(/^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN, min, max),
  };
}

/** true or false; `null` as the fallback leaves the decision to a rule between fields. */
export function flag<F extends boolean | null>(fallback: F): Variable<boolean | F> {
  return {
    expected: 'true or false',
    fallback,
    parse: (text) => ({ true: true, '1': true, false: false, '0': false })[text.toLowerCase()],
  };
}

/** One of a few words. */
export function oneOf<T extends string, F extends T | null>(
  words: readonly T[],
  fallback: F,
): Variable<T | F> {
  return {
    expected: `one of ${words.join(', ')}`,
    fallback,
    parse: (text) => words.find((word) => word === text),
  };
}

/** A text that matches the pattern. */
export function text<F extends string | null>(
  fallback: F,
  pattern: RegExp,
  expected: string,
): Variable<string | F> {
  return { expected, fallback, parse: (value) => (pattern.test(value) ? value : undefined) };
}

/** Web origins, separated by commas; written as browsers write them, so that they can be compared as text. */
export function origins(): Variable<readonly string[]> {
  return {
    expected: 'origins like https://example.org, http://localhost:5173',
    fallback: [],
    parse: (value) => {
      const given = value.split(',').map((one) => originOf(one.trim()));
      return given.includes(undefined) ? undefined : (given as string[]);
    },
  };
}

/** Names of this server, separated by commas; as browsers write them, without a port. */
export function hostNames(): Variable<readonly string[] | null> {
  return {
    expected: 'host names like tasks.example.org, 10.0.0.5',
    fallback: null,
    parse: (value) => {
      const given = value.split(',').map((one) => hostNameOf(one.trim()));
      return given.includes(undefined) ? undefined : (given as string[]);
    },
  };
}

/** A URL that may carry a password, so it counts as a secret. */
export function secretUrl<F extends string | null>(
  fallback: F,
  protocols: readonly string[],
  example: string,
): Variable<string | F> {
  return {
    expected: `a URL like ${example}`,
    fallback,
    secret: true,
    parse: (value) =>
      URL.canParse(value) && protocols.some((protocol) => value.startsWith(`${protocol}//`))
        ? value
        : undefined,
  };
}

/** undefined for all but a scheme, a host and perhaps a port: no path, no wildcard. */
function originOf(text: string): string | undefined {
  return /^https?:\/\/[^/\\?#@*\s]+\/?$/i.test(text) && URL.canParse(text) ? new URL(text).origin : undefined;
}

function hostNameOf(text: string): string | undefined {
  if (!/^([\w.-]{1,253}|\[[\da-f:.]+\])$/i.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  return new URL(`http://${text}`).hostname;
}

function inRange(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}
