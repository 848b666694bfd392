import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from '../sample.ts';
import { ExpositionParser, parseExposition } from './text-format-parser.ts';
import { expositionLines } from './text-format-writer.ts';

const plainName = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/);
const anyText = fc.string({ unit: 'binary', maxLength: 12 });
const anyName = fc.oneof(plainName, anyText, fc.constantFrom('__proto__', 'constructor', 'valueOf'));
const sampleArbitrary: fc.Arbitrary<Sample> = fc.record({
  name: anyName.filter((name) => name !== ''),
  labels: fc.dictionary(
    anyName.filter((name) => name !== '' && name !== '__name__'),
    anyText,
    { noNullPrototype: true },
  ),
  value: fc.double(),
  timestampMs: fc.option(fc.maxSafeNat(), { nil: undefined }),
});

/** Own labels as pairs, because an object literal cannot hold a label called `__proto__`. */
function plainly(samples: Sample[]) {
  return samples.map((sample) => ({ ...sample, labels: Object.entries(sample.labels) }));
}

describe('the writer', () => {
  it('writes HELP and TYPE once for each family, and every sample in the format', () => {
    const text = [
      ...expositionLines([
        {
          name: 'project_mb_usage',
          help: 'MiB-hours \\ of\nmemory "since"',
          type: 'gauge',
          samples: [
            {
              name: 'project_mb_usage',
              labels: { a: 'x"\\\ny', b: 'שלום\u0000' },
              value: 0.1,
              timestampMs: undefined,
            },
            { name: 'project_mb_usage', labels: {}, value: 1e21, timestampMs: -1 },
          ],
        },
        { name: 'empty', help: 'no samples', type: 'counter', samples: [] },
        {
          name: 'u',
          help: '',
          type: 'untyped',
          samples: [{ name: 'u', labels: {}, value: -Infinity, timestampMs: undefined }],
        },
      ]),
    ].join('');
    expect(text).toBe(
      String.raw`# HELP project_mb_usage MiB-hours \\ of\nmemory "since"
# TYPE project_mb_usage gauge
project_mb_usage{a="x\"\\\ny",b="שלום${'\u0000'}"} 0.1
project_mb_usage 1e+21 -1
# TYPE u untyped
u -Inf
`,
    );
  });

  it('quotes names that are not plain', () => {
    const sample = { name: 'a.b', labels: { 'c d': '1', e: '2' }, value: 3, timestampMs: undefined };
    const family = { name: 'a.b', help: '', type: 'untyped', samples: [sample] } as const;
    expect([...expositionLines([family])].join('')).toBe('# TYPE "a.b" untyped\n{"a.b","c d"="1",e="2"} 3\n');
  });

  it('writes the labels of both objects of a sample, first the ones that further samples share', () => {
    const shared = { a: '1' };
    const sample = { name: 'f', labels: shared, value: 3, timestampMs: undefined };
    const samples = [
      { ...sample, moreLabels: { b: '2', c: '3' } },
      { ...sample, moreLabels: {} },
      { ...sample, labels: {}, moreLabels: shared },
      sample,
      { ...sample, labels: {} },
    ];
    const text = [...expositionLines([{ name: 'f', help: '', type: 'gauge', samples }])].join('');
    expect(text).toBe('# TYPE f gauge\nf{a="1",b="2",c="3"} 3\nf{a="1"} 3\nf{a="1"} 3\nf{a="1"} 3\nf 3\n');
  });

  it('writes text that the parser reads back unchanged, for all characters and chunks', () => {
    fc.assert(
      fc.property(
        fc.array(sampleArbitrary, { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (samples, size) => {
          const text = [...expositionLines([{ name: 'f', help: 'h', type: 'untyped', samples }])].join('');
          expect(plainly(parseExposition(text))).toEqual(plainly(samples));
          const parser = new ExpositionParser();
          const read: Sample[] = [];
          for (let at = 0; at < text.length; at += size) read.push(...parser.push(text.slice(at, at + size)));
          expect(plainly(read.concat(parser.end()))).toEqual(plainly(samples));
        },
      ),
    );
  });
});
