import { createHash } from 'node:crypto';
import type { Statement } from '../../src/persistence/sql-database.js';

/**
 * A statement of a test's own. Its name follows from the whole text, because a prepared statement's name must stand for
 * one text only: texts of equal length once met on one connection.
 */
export function namedByText(text: string): Statement {
  return { name: `test-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`, text };
}
