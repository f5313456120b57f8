import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERRORS, type ErrorCode } from '../../../src/domain/errors.js';
import { ADVICE } from '../../../src/http/problem-advice.js';
import { statusOf } from '../../../src/http/problem.js';

const PROJECT = resolve(import.meta.dirname, '../../..');
const PAGE = join(PROJECT, 'docs/ERRORS.md');
const CODES = Object.keys(ERRORS) as ErrorCode[];

const TEXT = `# Errors

Made from \`src/domain/errors.ts\` and \`src/http/problem-advice.ts\`.
\`UPDATE_DOCS=1 npm run test:unit -- test/unit/docs\` writes this page anew.

Every error is \`application/problem+json\` (RFC 9457). \`code\` is what programs look at, and never changes its meaning; \`type\`
is \`urn:dts:problem:\` and the code, a name and not an address; \`title\` is the same text for every occurrence; \`detail\` says
what happened this time; \`errors\` lists every fault of the request at once, with JSON pointers; \`request_id\` is also in
the header \`X-Request-Id\` and in the log. Which operation answers which codes is in [openapi.json](openapi.json).

| status | code | title | what to do |
| ------ | ---- | ----- | ---------- |
${[...CODES]
  .sort((left, right) => statusOf(left) - statusOf(right))
  .map((code) => `| ${statusOf(code)} | \`${code}\` | ${ERRORS[code].title} | ${ADVICE[code]} |`)
  .join('\n')}
`;

describe('docs/ERRORS.md', () => {
  it('shows the registry of errors', () => {
    if (process.env.UPDATE_DOCS) writeFileSync(PAGE, TEXT);
    expect(readFileSync(PAGE, 'utf8')).toBe(TEXT);
  });

  it('names no code that nothing answers', () => {
    const folder = join(PROJECT, 'src');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(
        (file) => file.endsWith('.ts') && !/(domain\/errors|problem-advice|\.controller)\.ts$/.test(file),
      )
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const unused = CODES.filter((code) => !sources.includes(`'${code}'`));
    expect(unused).toEqual([]);
  });
});
