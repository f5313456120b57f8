import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findRedisProgram } from '../support/redis-server.mjs';
import { planFor, PROFILES, runSettings } from './profiles.js';
import { keepReport } from './report.js';
import { run } from './run.js';

const PROJECT = resolve(import.meta.dirname, '../..');
/** Whose plan has something of everything in it. */
const FIXED_SEED = 20_261_124;
/** A minute and a half where nothing else runs. */
const TIMEOUT_MS = 900_000;

const seeds = [FIXED_SEED, ...(process.env.CHAOS_SEED ? [Number(process.env.CHAOS_SEED)] : [])];
const define = findRedisProgram() === null && !process.env.CI ? describe.skip : describe;

define('an installation under fire', () => {
  it.each(seeds)(
    'loses nothing, does nothing twice, and is as before when it is over (seed %d)',
    async (seed) => {
      expect(existsSync(join(PROJECT, 'dist/main.js'))).toBe(true);
      const profile = PROFILES.quick;
      const plan = planFor(profile, seed);
      const folder = join(PROJECT, 'build/chaos', String(seed));
      const settings = runSettings(profile, 'quick', seed, join(folder, 'history'), () => undefined);
      const report = await run(settings, plan);
      keepReport(report, plan, folder);
      expect(report.findings).toEqual([]);
      // A run that did not do much shows nothing.
      expect(report.counts.jobs).toBeGreaterThanOrEqual(profile.jobs);
      expect(report.faults.filter(({ outcome }) => outcome.startsWith('not possible'))).toEqual([]);
      expect(report.counts.attempts).toBeGreaterThan(profile.jobs);
    },
    TIMEOUT_MS,
  );
});
