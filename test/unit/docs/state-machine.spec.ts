import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { JOB_TRANSITIONS } from '../../../src/domain/job-state.js';
import { TASK_TRANSITIONS, type Transition } from '../../../src/domain/task-state.js';

const PAGE = resolve(import.meta.dirname, '../../../docs/state-machine.md');

function diagram(transitions: Readonly<Record<string, Transition<string>>>): string {
  const arrows = Object.entries(transitions).flatMap(([event, { from, to }]) =>
    from.map((status) => `    ${status} --> ${to}: ${event}`),
  );
  return ['```mermaid', 'stateDiagram-v2', ...arrows, '```'].join('\n');
}

function table(transitions: Readonly<Record<string, Transition<string>>>): string {
  const rows = Object.entries(transitions).map(
    ([event, { from, to, when }]) => `| \`${event}\` | ${from.join(', ')} | ${to} | ${when} |`,
  );
  return ['| event | from | to | when |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

const TEXT = `# States

Made from \`src/domain/task-state.ts\` and \`src/domain/job-state.ts\`, whose \`from\` lists are also the guards in the SQL.
\`UPDATE_DOCS=1 npm run test:unit -- test/unit/docs\` writes this page anew.

## Tasks

${diagram(TASK_TRANSITIONS)}

${table(TASK_TRANSITIONS)}

## Jobs

${diagram(JOB_TRANSITIONS)}

${table(JOB_TRANSITIONS)}
`;

describe('docs/state-machine.md', () => {
  it('shows the tables that the engine uses', () => {
    if (process.env.UPDATE_DOCS) writeFileSync(PAGE, TEXT);
    expect(readFileSync(PAGE, 'utf8')).toBe(TEXT);
  });
});
