export function findRedisProgram(): string | null;
export function findOrInstallRedisProgram(): string | null;
export function startRedisServer(
  program: string,
  wantedPort?: number,
): Promise<{ url: string; port: number; stop(): Promise<void> }>;
export function freePort(): Promise<number>;
export const NO_REDIS: string;
