import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';

const PROJECT = resolve(import.meta.dirname, '../../..');
const DOCUMENT = resolve(PROJECT, 'docs/openapi.json');
const CLIENT = resolve(PROJECT, 'client/schema.ts');
/** Compiling the sources takes its time on a loaded machine. */
const PATIENCE_MS = 240_000;

/** Fails with one sentence instead of a difference of thousands of lines. */
function expectWritten(file: string, text: string): void {
  if (process.env.UPDATE_DOCS) writeFileSync(file, text);
  const written = readFileSync(file, 'utf8').split('\n');
  const place = text.split('\n').findIndex((line, index) => line !== written[index]);
  const isSame = place === -1 && text === written.join('\n');
  if (isSame) return;
  throw new Error(
    `${file} is not what the sources say, from line ${place + 1} on: run ` +
      '`UPDATE_DOCS=1 npm run test:unit -- test/unit/docs` and commit what it writes.',
  );
}

describe('docs/openapi.json and client/schema.ts', () => {
  it(
    'are what the decorators and comments of the sources make',
    async () => {
      const program = resolve(PROJECT, 'test/support/print-openapi.mjs');
      const { stdout } = await promisify(execFile)(process.execPath, [program], {
        maxBuffer: 64 * 1_048_576,
      });
      const document = JSON.parse(stdout) as OpenAPI3;
      expectWritten(DOCUMENT, `${JSON.stringify(document, null, 2)}\n`);

      const types = await openapiTS(document, { alphabetize: false, defaultNonNullable: false });
      const head =
        '// Made from docs/openapi.json: `UPDATE_DOCS=1 npm run test:unit -- test/unit/docs` writes it anew.\n\n';
      expectWritten(CLIENT, head + astToString(types));
      expect(document.openapi).toBe('3.1.0');
    },
    PATIENCE_MS,
  );
});
