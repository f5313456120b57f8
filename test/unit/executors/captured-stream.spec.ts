import { PassThrough } from 'node:stream';
import { CAPTURE_BYTES, CapturedStream } from '../../../src/executors/host/captured-stream.js';

async function captured(...chunks: (string | Buffer)[]): Promise<CapturedStream> {
  const stream = new PassThrough();
  const capture = new CapturedStream(stream);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await capture.ended;
  return capture;
}

describe('a captured stream', () => {
  it('keeps everything up to its limit', async () => {
    const text = `${'a'.repeat(CAPTURE_BYTES - 3)}end`;
    expect((await captured(text.slice(0, 40_000), text.slice(40_000))).text()).toBe(text);
    expect((await captured()).text()).toBe('');
  });

  it('keeps the beginning and the end of more, within the limit, and says how much is left out', async () => {
    const text = (await captured(`start${'x'.repeat(CAPTURE_BYTES)}end`)).text();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(CAPTURE_BYTES);
    expect(text).toMatch(/^start/);
    expect(text).toMatch(/end$/);
    const [, leftOut] = /\[\.\.\. (\d+) bytes left out \.\.\.\]/.exec(text)!;
    const kept = text.replace(/\n\[.*\]\n/, '').length;
    expect(kept + Number(leftOut)).toBe(CAPTURE_BYTES + 8);
  });

  it.each([1, 7, 4_096])('keeps the same when it comes in pieces of %i', async (size) => {
    const whole = Buffer.from(Array.from({ length: 100_000 }, (_, index) => 97 + (index % 26)));
    const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
      whole.subarray(index * size, (index + 1) * size),
    );
    expect((await captured(...pieces)).text()).toBe((await captured(whole)).text());
  });

  it.each(['é', '€', '😀'])('never cuts %s in two', async (character) => {
    for (let shift = 0; shift < 4; shift++) {
      const text = (await captured(`${'a'.repeat(shift)}${character.repeat(CAPTURE_BYTES)}`)).text();
      expect(text).not.toContain('\uFFFD');
    }
    const last = (await captured(character.repeat(1_000))).lastText(101);
    expect(last).not.toContain('\uFFFD');
    expect(Buffer.byteLength(last)).toBeLessThanOrEqual(101);
  });
});
