import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWitness, Witness } from '../../chaos/witness.js';

describe('the outside witness', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dts-test-witness-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('reads what was written, to the microsecond, and refuses a line that is none', () => {
    const witness = new Witness(directory);
    const line = { what: 'start' as const, runId: 'run', task: 't1', attempt: 0, token: 7 };
    const before = Date.now() * 1_000;
    witness.write(line);
    appendFileSync(witness.path, 'end run t1 2 99 1767225600123456789\n');
    const [first, second] = readWitness(directory);
    expect(first).toEqual({ ...line, at: expect.any(Number) as number });
    expect(first.at).toBeGreaterThanOrEqual(before);
    expect(second).toEqual({
      what: 'end',
      runId: 'run',
      task: 't1',
      attempt: 2,
      token: 99,
      at: 1767225600123456,
    });

    // Opening it again keeps what is there.
    expect(readWitness(directory)).toHaveLength(2);
    appendFileSync(new Witness(directory).path, 'end run t1 2 99 1767225600end run t1 2\n');
    expect(() => readWitness(directory)).toThrow('no line of a witness');
  });

  it('has seen nothing where nothing was', () => {
    expect(readWitness(join(directory, 'nowhere'))).toEqual([]);
  });
});
