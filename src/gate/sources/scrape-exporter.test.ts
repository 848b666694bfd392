import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { array, asyncProperty, assert, constantFrom, integer, record } from 'fast-check';
import { expect, it } from 'vitest';
import type { BodyEncoding } from '../../runtime/http/unpacked.ts';
import { readExposition } from './scrape-exporter.ts';

it('reads a complete answer, or refuses an answer with more bytes or samples than the limits, compressed or not', async () => {
  const limits = { maxBytes: 100_000, maxSamples: 200 };
  const lines = record({
    line: constantFrom(
      'm 1\n',
      `m{a="${'x'.repeat(50)}"} 1\n`,
      `m{a="${'x'.repeat(5000)}"} 1\n`,
      `# ${'x'.repeat(100)}\n`,
    ),
    times: integer({ min: 0, max: 300 }),
  });
  await assert(
    asyncProperty(
      array(lines, { maxLength: 6 }),
      constantFrom<BodyEncoding>('gzip', 'identity'),
      async (parts, encoding) => {
        const text = parts.map(({ line, times }) => line.repeat(times)).join('');
        const series = text.split('\n').filter((line) => line.startsWith('m')).length;
        const fits = text.length <= limits.maxBytes && series <= limits.maxSamples;
        const body = Readable.from([encoding === 'gzip' ? gzipSync(text) : Buffer.from(text)]);
        const ended = await readExposition(body, encoding, limits).then(
          (samples) => `${samples.length} samples`,
          String,
        );
        expect(ended).toBe(fits ? `${series} samples` : `Error: the exporter's answer is too large`);
      },
    ),
    { numRuns: 40 },
  );
});
