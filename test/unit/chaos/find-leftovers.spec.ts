import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLeftovers } from '../../chaos/history/find-leftovers.js';
import { eventually } from '../../support/eventually.js';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('what is left of attempts', () => {
  onLinux('is found among the processes by their cookie, of the jobs asked for only', async () => {
    const child = spawn('sleep', ['60'], {
      env: { PATH: process.env.PATH, DTS_COOKIE: 'host.1.2.3/run-x.0.2' },
    });
    const ended = new Promise((closed) => child.once('close', closed));
    try {
      const what = `process ${child.pid} of the attempt run-x.0.2 lives`;
      await eventually(() =>
        expect(findLeftovers(new Set(['run-x']), [])).toEqual([{ runId: 'run-x', what }]),
      );
      expect(findLeftovers(new Set(['run-y']), [])).toEqual([]);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    expect(findLeftovers(new Set(['run-x']), [])).toEqual([]);
  });

  onLinux('is found among the directories of task hosts', () => {
    const work = mkdtempSync(join(tmpdir(), 'dts-test-leftovers-'));
    try {
      mkdirSync(join(work, 'host.1.2.3'));
      expect(findLeftovers(new Set(), [work, join(work, 'none')])).toEqual([]);
      mkdirSync(join(work, 'host.1.2.3', 'run-x.0.2'));
      const what = 'the directory of the attempt run-x.0.2 is left';
      expect(findLeftovers(new Set(), [work])).toEqual([{ runId: 'run-x', what }]);
    } finally {
      rmSync(work, { recursive: true });
    }
  });
});
