import { execFile } from 'node:child_process';

/** A shim (pyenv, asdf) may take half a second to find the real interpreter, and a machine under full load is no reason to fail. */
const FIND_WITHIN_MS = 60_000;
/** Prints the real interpreter, whatever shims or links stand before it. */
const PROBE =
  'import sys; assert sys.version_info >= (3, 8), "3.8 or newer is needed"; print(sys.executable)';

export type FoundPython = { path: string } | { problem: string };

/** Finds the real python3 once; a failure is not kept, so an interpreter installed later is found. */
export class PythonInterpreter {
  private found: Promise<FoundPython> | null = null;

  constructor(
    private readonly command: string,
    private readonly environment: Record<string, string>,
  ) {}

  find(): Promise<FoundPython> {
    this.found ??= this.probe().then((found) => {
      if ('problem' in found) this.found = null;
      return found;
    });
    return this.found;
  }

  private probe(): Promise<FoundPython> {
    return new Promise((resolve) => {
      const options = { env: this.environment, cwd: '/', timeout: FIND_WITHIN_MS };
      execFile(this.command, ['-c', PROBE], options, (error, stdout) => {
        const path = stdout.trim();
        if (error !== null) resolve({ problem: error.message.trim() });
        else if (!path.startsWith('/'))
          resolve({ problem: `${this.command} says its path is ${JSON.stringify(path)}` });
        else resolve({ path });
      });
    });
  }
}
