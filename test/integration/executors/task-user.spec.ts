import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesMentioning, streamsOf, uniqueSleep, Workbench } from './workbench.js';

const NOBODY = { uid: 65_534, gid: 65_534 };
const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('a task user', () => {
  let bench: Workbench;
  beforeAll(async () => {
    const workDirectory = await mkdtemp(join(tmpdir(), 'dts-task-user-'));
    await chmod(workDirectory, 0o711);
    const environment = { PATH: process.env.PATH, SECRET: 'c4n4ry' };
    bench = await Workbench.open({ workDirectory, taskUser: NOBODY, environment });
  });
  afterAll(async () => {
    await bench.executors.close();
    expect(await readdir(bench.workDirectory)).toEqual([]);
    await rm(bench.workDirectory, { recursive: true });
    await bench.dispose();
  });

  it('owns what the task needs, and nothing else', async () => {
    const outcome = await bench.shell(
      'id -u; id -G; echo "[1]" > "$DTS_OUTPUT"; cat "$DTS_CTX" > copy; cat "$DTS_OUTPUT"',
    );
    expect(outcome).toEqual({ kind: 'succeeded', output: [1] });
    expect(streamsOf(await bench.shell('id -u; id -G')).stdout).toBe('65534\n65534\n');
  });

  it('can read the environment of neither host nor worker', async () => {
    const outcome = await bench.shell(
      `cat /proc/$PPID/environ /proc/${process.pid}/environ 2>&1 | head -c 300; true`,
    );
    expect(streamsOf(outcome).stdout).toMatch(/^cat: .*Permission denied\ncat: .*Permission denied\n$/);
  });

  it('does not keep its processes and directories from being removed', async () => {
    const sleep = uniqueSleep();
    const outcome = await bench.shell(
      `mkdir -p a/b; chmod 000 a; setsid sleep ${sleep} & sleep 60`,
      {},
      { timeoutSeconds: 0.4 },
    );
    expect(outcome).toMatchObject({ error: { code: 'timeout' } });
    expect(processesMentioning(sleep)).toEqual([]);
    await bench.expectNothingLeft();
  });
});
