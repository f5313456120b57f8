import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HealthModule } from '../../../src/health/health.module.js';
import { type ApiApplication, startApi } from './api-application.js';

/** Names a namespace, or is an example on the reader's own machine: never fetched. */
const HARMLESS = /^https?:\/\/(www\.w3\.org\/|127\.0\.0\.1[:/])/;

/** How pages and style sheets say what they need. */
const LOADS = [
  /\b(?:src|href)\s*=\s*["'](?<address>[^"']+)["']/g,
  /url\(\s*["']?(?<address>[^"')]+)["']?\s*\)/g,
  /@import\s+["'](?<address>[^"']+)["']/g,
];

let api: ApiApplication;
let url: string;

beforeAll(async () => {
  api = await startApi([HealthModule]);
  url = await api.app.getUrl();
}, 60_000);

afterAll(async () => {
  await api.close();
});

async function read(address: string): Promise<string> {
  const answer = await fetch(address);
  expect([address, answer.status]).toEqual([address, 200]);
  return await answer.text();
}

/** What a browser would fetch for a page or a style sheet. */
function loadedBy(text: string, base: string): string[] {
  return LOADS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match.groups!.address))
    .filter((address) => !address.startsWith('data:') && !address.startsWith('#'))
    .map((address) => new URL(address, base).href);
}

function addressesIn(text: string): string[] {
  return [...text.matchAll(/https?:\/\/[^\s"'<>)\\]+/g)].map(([address]) => address);
}

describe('the Swagger UI', () => {
  test('loads nothing but files of this server', async () => {
    const page = `${url}/docs`;
    const html = await read(page);
    const files = loadedBy(html, page);
    expect(files.map((file) => new URL(file).pathname)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/swagger-ui\.css$/),
        expect.stringMatching(/swagger-ui-bundle\.js$/),
        expect.stringMatching(/swagger-ui-init\.js$/),
      ]),
    );
    expect(files.filter((file) => new URL(file).origin !== url)).toEqual([]);
    for (const file of files) {
      const text = await read(file);
      if (!file.endsWith('.css')) continue;
      expect(loadedBy(text, file).filter((address) => new URL(address).origin !== url)).toEqual([]);
    }
  });

  test('names no foreign address in its page and its set-up, and lets one try everything', async () => {
    const setUp = await read(`${url}/docs/swagger-ui-init.js`);
    expect(setUp).toContain('"tryItOutEnabled": true');
    expect(setUp).toContain('"validatorUrl": null');
    for (const text of [await read(`${url}/docs`), setUp])
      expect(addressesIn(text).filter((address) => !HARMLESS.test(address))).toEqual([]);
  });
});
