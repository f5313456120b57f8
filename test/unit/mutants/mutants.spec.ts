import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MUTANTS } from '../../mutants/mutants.js';

const PROJECT = join(import.meta.dirname, '../../..');

describe('the mutants', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s still finds what it breaks, once',
    (_name, { edits }) => {
      for (const { file, find, replace } of edits) {
        const pieces = readFileSync(join(PROJECT, file), 'utf8').split(find);
        expect({ file, find, times: pieces.length - 1 }).toEqual({ file, find, times: 1 });
        expect(replace).not.toBe(find);
      }
    },
  );

  it('have a name each', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });
});
