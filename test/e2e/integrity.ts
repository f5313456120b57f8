import { judgeRows } from '../chaos/history/check-history.js';
import { readHistory } from '../chaos/history/read-history.js';
import type { Installation } from './installation.js';

/**
 * What must hold of the stored state, whatever happened on the way: the rules of the chaos runs that need no witness and
 * hold at every moment.
 *
 * @returns one line per rule and job that breaks it; nothing when all is well
 */
export async function brokenRules(installation: Installation): Promise<string[]> {
  const history = await readHistory({
    databaseUrl: installation.database.url,
    witnessDirectory: installation.folder,
    accepted: new Map(),
    slots: Infinity,
  });
  return judgeRows(history).map(({ invariant, runId, what }) => `${invariant}, ${runId}: ${what}`);
}
