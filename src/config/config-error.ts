/** The exit code of a process that was configured wrongly: EX_CONFIG of sysexits.h. */
export const CONFIG_EXIT_CODE = 78;

/** All that is wrong with the environment, at once; `main` prints the message and exits with 78. */
export class ConfigError extends Error {
  constructor(
    /** One sentence per fault: the variable, what was expected, what came. */
    readonly faults: readonly string[],
    /** Variables nobody reads whose names are close to one that is read. */
    readonly hints: readonly string[] = [],
  ) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    super(
      [`The configuration has ${count}:`, ...[...faults, ...hints].map((line) => `  - ${line}`)].join('\n'),
    );
    this.name = 'ConfigError';
  }
}
