// Before the first suite with servers: starts them and tells the test files where they are.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export default async function globalSetup() {
  const hooks = new URL('register-typescript.mjs', import.meta.url).href;
  const servers = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      hooks,
      fileURLToPath(new URL('servers.mjs', import.meta.url)),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ready = once(createInterface({ input: servers.stdout }), 'line');
  const failed = once(servers, 'exit').then(([code]) => {
    throw new Error(`The servers of the suites did not start (exit code ${code})`);
  });
  failed.catch(() => undefined);
  const [line] = await Promise.race([ready, failed]);
  const { postgresUrl, template, redisUrl } = JSON.parse(line);
  process.env.DTS_TEST_POSTGRES_URL = postgresUrl;
  process.env.DTS_TEST_TEMPLATE = template;
  process.env.DTS_TEST_REDIS_URL = redisUrl ?? '';
  globalThis.serversOfTheSuites = servers;
}
