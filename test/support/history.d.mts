export const RARE: { trigger: 'backfill'; priority: 'critical'; errorCode: string };

interface Client {
  query(text: string, params?: unknown[]): Promise<{ rows: any[] }>;
}

export interface HistorySize {
  jobs: number;
  dags: number;
  openJobs: number;
  workers: number;
}

export function loadHistory(
  client: Client,
  size: HistorySize,
  onProgress?: (done: number) => void,
): Promise<{ common: number; rare: number; unused: number }>;

export function loadEndedAttempts(client: Client): Promise<void>;
