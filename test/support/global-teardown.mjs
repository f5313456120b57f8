import { once } from 'node:events';

export default async function globalTeardown() {
  const servers = globalThis.serversOfTheSuites;
  if (!servers || servers.exitCode !== null) return;
  const exited = once(servers, 'exit');
  servers.stdin.end();
  await exited;
}
