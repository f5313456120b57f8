/** The schema of a field that may hold any JSON value. */
export const ANY_JSON = {
  oneOf: [
    { type: 'object' as const },
    { type: 'array' as const, items: {} },
    { type: 'string' as const },
    { type: 'number' as const },
    { type: 'boolean' as const },
  ],
  nullable: true,
  example: { rows: 3 },
};
