import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../prometheus/sample.ts';
import type { BodyEncoding } from '../../runtime/http/unpacked.ts';
import { DEFAULT_BODY_LIMITS, readFederateBody } from './federate-body.ts';

/** Reads an answer that arrives byte by byte. */
async function read(bytes: Buffer): Promise<Sample[]> {
  const samples: Sample[] = [];
  const body = Readable.from(Array.from(bytes, (byte) => Buffer.of(byte)));
  await readFederateBody(body, 'identity', DEFAULT_BODY_LIMITS, (sample) => samples.push(sample));
  return samples;
}

describe('the answer of a site', () => {
  it('is UTF-8, cut anywhere, and nothing else: otherwise two ids could become one', async () => {
    const labels = { project_id: 'é😀\ufffd' };
    expect(await read(Buffer.from('m{project_id="é😀\ufffd"} 1\n'))).toEqual([
      { name: 'm', labels, value: 1, timestampMs: undefined },
    ]);
    await expect(read(Buffer.from('m{project_id="\xe9"} 1\n', 'latin1'))).rejects.toThrow(
      'the answer is not UTF-8',
    );
    await expect(read(Buffer.from('m 1\n\xc3', 'latin1'))).rejects.toThrow('the answer is not UTF-8');
  });

  it('is refused without harm, even if it would crash a Prometheus', async () => {
    await expect(read(Buffer.from('{A} 0\n'))).rejects.toThrow(
      "line 1: expected '=' after the label name 'A'",
    );
  });

  it('is refused beyond the limits for bytes and series, in any encoding', async () => {
    const limits = { ...DEFAULT_BODY_LIMITS, maxWireBytes: 50_000, maxTextBytes: 100_000, maxSamples: 200 };
    const lines = fc.record({
      line: fc.constantFrom('m 1\n', `m{a="${'x'.repeat(5000)}"} 1\n`, `# ${'x'.repeat(100)}\n`),
      times: fc.integer({ min: 0, max: 300 }),
    });
    const encodings = fc.constantFrom<BodyEncoding>('gzip', 'identity');
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { maxLength: 6 }), encodings, async (parts, encoding) => {
        const text = parts.map(({ line, times }) => line.repeat(times)).join('');
        const series = text.split('\n').filter((line) => line.startsWith('m')).length;
        const maxBytes = encoding === 'gzip' ? limits.maxTextBytes : limits.maxWireBytes;
        const fits = text.length <= maxBytes && series <= limits.maxSamples;
        const body = Readable.from([encoding === 'gzip' ? gzipSync(text) : Buffer.from(text)]);
        let [taken, bytes] = [0, 0];
        const reading = readFederateBody(body, encoding, limits, ({ labels }) => {
          taken += 1;
          bytes += (labels['a'] ?? '').length;
        });
        const ended = await reading.then(() => 'whole', String);
        const refused = /^SweepFailure: the answer (is larger than 1 MiB|has more than 200 series)/;
        expect(ended).toMatch(fits ? /^whole$/ : refused);
        expect(taken).toBeLessThanOrEqual(fits ? series : limits.maxSamples);
        expect(bytes).toBeLessThanOrEqual(maxBytes);
      }),
      { numRuns: 40 },
    );
  });
});
