import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildIsCurrent, packagesAreCurrent, stampBuild, stampPackages } from '../../../scripts/stamps.mjs';

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'dts-test-stamps-'));
});
afterEach(() => rmSync(project, { recursive: true }));

function write(path: string, content: string | object): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), typeof content === 'string' ? content : JSON.stringify(content));
}

const lock = (packages: object) => ({ packages: { '': { version: '0.1.0' }, ...packages } });

describe('installed packages', () => {
  const locked = {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '1.0.0', optional: true },
  };

  it('are not current while there are none', () => {
    write('package-lock.json', lock(locked));
    expect(packagesAreCurrent(project)).toBe(false);
  });

  it('are current after the stamp, until the lock file changes', () => {
    write('package-lock.json', lock(locked));
    write('node_modules/a/index.js', '');
    stampPackages(project);
    expect(packagesAreCurrent(project)).toBe(true);
    write('package-lock.json', lock({ ...locked, 'node_modules/c': { version: '1.0.0' } }));
    expect(packagesAreCurrent(project)).toBe(false);
  });

  it('are current without a stamp when npm recorded the same versions, optional ones aside', () => {
    write('package-lock.json', lock(locked));
    write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.0' } } });
    expect(packagesAreCurrent(project)).toBe(true);
  });

  it.each([
    ['another version', { 'node_modules/a': { version: '1.0.1' } }],
    ['one missing', { 'node_modules/b': { version: '1.0.0' } }],
  ])('are not current with %s', (_, installed) => {
    write('package-lock.json', lock(locked));
    write('node_modules/.package-lock.json', { packages: installed });
    expect(packagesAreCurrent(project)).toBe(false);
  });
});

describe('the build', () => {
  beforeEach(() => {
    write('src/main.ts', 'one');
    write('package-lock.json', lock({}));
    write('dist/main.js', 'one');
  });

  it('is not current without a stamp', () => {
    expect(buildIsCurrent(project)).toBe(false);
  });

  it.each([
    ['a source is changed', () => write('src/main.ts', 'two')],
    ['a source is added', () => write('src/deep/er.ts', '')],
    ['a source is renamed', () => (rmSync(join(project, 'src/main.ts')), write('src/other.ts', 'one'))],
    ['a compiler option is changed', () => write('tsconfig.json', {})],
    ['a dependency is changed', () => write('package-lock.json', lock({ a: {} }))],
    ['its main file is gone', () => rmSync(join(project, 'dist/main.js'))],
  ])('is current after the stamp, until %s', (_, change) => {
    stampBuild(project);
    expect(buildIsCurrent(project)).toBe(true);
    change();
    expect(buildIsCurrent(project)).toBe(false);
  });
});
