import {
  array,
  assert,
  boolean,
  check,
  constantFrom,
  double,
  maxSafeInteger,
  nat,
  option,
  property,
  record,
  string,
  uint8Array,
  uniqueArray,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeWriteRequest, type WrittenSeries } from '../../../test/portal/write-request.ts';
import { ProtobufError } from './protobuf-reader.ts';
import { atOnce } from '../steps.ts';
import type { Sample } from '../sample.ts';
import { writeRequestSteps, type WriteLimits } from './remote-write.ts';
import { SeriesMemory } from './series-memory.ts';
import { SnappyError, toSnappy } from './snappy.ts';
import type { SeriesIdentity } from './time-series.ts';

const seriesMemory = (bytes = 0) => new SeriesMemory((identity: SeriesIdentity) => identity, bytes);

function decodeWriteRequest(body: Uint8Array, limits: WriteLimits, memory = seriesMemory()): Sample[] {
  const all: Sample[] = [];
  const take = ({ name, labels }: SeriesIdentity, value: number, timestampMs: number) =>
    void all.push({ name, labels, value, timestampMs });
  atOnce(writeRequestSteps(body, limits, memory, take));
  return all;
}

const LIMITS = { maxBytes: 1_000_000, maxSamples: 1000 };
const decode = (timeseries: WrittenSeries[], more: object = {}) =>
  decodeWriteRequest(toSnappy(encodeWriteRequest(timeseries, more)), LIMITS);

const usage: WrittenSeries = {
  labels: [
    { name: '__name__', value: 'project_vcpu_usage' },
    { name: 'project_name', value: 'Größe "x"' },
  ],
  samples: [
    { value: 1.5, timestamp: 1_700_000_000_000 },
    { value: -0.1, timestamp: -1 },
  ],
};

describe('a remote write request', () => {
  it('gives every sample the name and labels of its series', () => {
    const series = { name: 'project_vcpu_usage', labels: { project_name: 'Größe "x"' } };
    expect(decode([usage])).toEqual([
      { ...series, value: 1.5, timestampMs: 1_700_000_000_000 },
      { ...series, value: -0.1, timestampMs: -1 },
    ]);
  });

  it('may carry metadata and exemplars, which say nothing about usage', () => {
    const exemplars = [{ labels: [{ name: 'trace', value: 'x' }], value: 1, timestamp: 5 }];
    const metadata = [{ type: 1, metricFamilyName: 'a', help: 'b', unit: 'c' }];
    expect(decode([{ ...usage, exemplars } as WrittenSeries], { metadata })).toEqual(decode([usage]));
  });

  it('is read correctly from another encoder', () => {
    const text = string({ unit: 'grapheme', maxLength: 80 });
    const label = record({ name: text, value: text });
    const sample = record({ value: double(), timestamp: maxSafeInteger() });
    const series = record({
      labels: uniqueArray(label, { maxLength: 5, selector: ({ name }) => name }),
      samples: array(sample, { maxLength: 4 }),
    });
    assert(
      property(array(series, { maxLength: 5 }), (list) => {
        const expected = list.flatMap(({ labels, samples }) =>
          samples.map(({ value, timestamp }) => ({
            name: '',
            labels: Object.fromEntries(labels.map((one) => [one.name, one.value])),
            value,
            timestampMs: timestamp,
          })),
        );
        expect(decode(list)).toEqual(expected);
      }),
    );
  });

  it('gives the same samples with and without series remembered from earlier requests', () => {
    const label = record({
      name: constantFrom('a', 'b', '__name__'),
      value: constantFrom('', 'a', 'aa', 'ä'),
    });
    const series = record({
      labels: uniqueArray(label, { maxLength: 3, selector: ({ name }) => name }),
      samples: array(record({ value: double(), timestamp: maxSafeInteger() }), { maxLength: 2 }),
    });
    // Requests repeat, so that series come in the order that is expected, and some of them are forgotten in between.
    const memory = seriesMemory(6000);
    const seen: Buffer[] = [];
    const again = option(nat(), { freq: 2 });
    assert(
      property(array(series, { maxLength: 8 }), again, (list, repeated) => {
        seen.push(encodeWriteRequest(list));
        const request = seen[(repeated ?? seen.length - 1) % seen.length] as Buffer;
        const body = toSnappy(request);
        expect(decodeWriteRequest(body, LIMITS, memory)).toEqual(decodeWriteRequest(body, LIMITS));
        const broken = toSnappy(request.subarray(0, Math.floor(request.length / 2)));
        expect(resultOf(() => decodeWriteRequest(broken, LIMITS, memory))).toEqual(
          resultOf(() => decodeWriteRequest(broken, LIMITS)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('may have labels both before and after samples', () => {
    const one = { labels: [{ name: 'a', value: '1' }], samples: [{ value: 1, timestamp: 2 }] };
    const other = { labels: [{ name: 'b', value: '2' }], samples: [{ value: 3, timestamp: 4 }] };
    const merged = Buffer.concat([one, other].map((part) => encodeWriteRequest([part]).subarray(2)));
    const body = toSnappy(Buffer.concat([Buffer.from([0x0a, merged.length]), merged]));
    expect(decodeWriteRequest(body, LIMITS)).toEqual([
      { name: '', labels: { a: '1', b: '2' }, value: 1, timestampMs: 2 },
      { name: '', labels: { a: '1', b: '2' }, value: 3, timestampMs: 4 },
    ]);
  });

  it('is an error, not a part of the request, if it breaks off anywhere', () => {
    const whole = encodeWriteRequest([usage]);
    for (let length = 1; length < whole.length; length += 1)
      expect(() => decodeWriteRequest(toSnappy(whole.subarray(0, length)), LIMITS), `${length}`).toThrow(
        ProtobufError,
      );
  });

  it('of arbitrary bytes is decoded or refused, without any other error', () => {
    const honest = property(uint8Array({ maxLength: 200 }), boolean(), (bytes, packed) => {
      const thrown = errorOf(() => decodeWriteRequest(packed ? toSnappy(bytes) : bytes, LIMITS));
      return thrown === undefined || thrown instanceof ProtobufError || thrown instanceof SnappyError;
    });
    expect(check(honest, { numRuns: 2000 }).failed).toBe(false);
  });

  it('is refused before decompression if it would be too large', () => {
    const bomb = toSnappy(Buffer.alloc(1_000_001));
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => decodeWriteRequest(bomb, LIMITS)).toThrow('larger than 1000000 bytes when decompressed');
  });

  it('has a limit of series and samples, which counts empty ones', () => {
    const empty = (length: number) => Array.from({ length }, () => ({ labels: [], samples: [] }));
    expect(decode(empty(1000))).toEqual([]);
    expect(() => decode(empty(1001))).toThrow('the message has more than 1000 series and samples');
  });
});

describe('a large request', () => {
  const label = (n: number) => ({ name: `l${n}`, value: '' });
  const forms: Record<string, (size: number) => WrittenSeries[]> = {
    'many empty series': (size) => Array.from({ length: size }, () => ({ labels: [], samples: [] })),
    'many series of one sample': (size) =>
      Array.from({ length: size }, (_, n) => ({ labels: [label(n)], samples: [{ value: 0, timestamp: 0 }] })),
    'many series of many labels': (size) =>
      Array.from({ length: size / 50 }, () => ({
        labels: Array.from({ length: 50 }, (_, n) => label(n)),
        samples: [],
      })),
    'one series of many samples': (size) => [
      { labels: [label(0)], samples: Array.from({ length: size }, () => ({ value: 0, timestamp: 0 })) },
    ],
  };
  it.each(Object.keys(forms))('with %s is read in many small steps', (form) => {
    const size = 100_000;
    const body = toSnappy(encodeWriteRequest(forms[form]?.(size) ?? []));
    let [inStep, most, read] = [0, 0, 0];
    const memory = new SeriesMemory(({ labels }) => (inStep += 1 + Object.keys(labels).length), 0);
    const steps = writeRequestSteps(
      body,
      { maxBytes: 10_000_000, maxSamples: 2 * size },
      memory,
      () => void ((inStep += 1), (read += 1)),
    );
    while (steps.next().done !== true) {
      most = Math.max(most, inStep);
      inStep = 0;
    }
    expect(Math.max(most, inStep)).toBeLessThan(size / 5);
    expect(read % size).toBe(0);
  });

  it.each([
    ['in all', 'the message has more than 8000 labels', 10, 900],
    ['of one series', 'a series has more than 1000 labels', 1001, 1],
  ])('has a limit of labels %s', (_where, refusal, labelsOfSeries, length) => {
    const series = { labels: Array.from({ length: labelsOfSeries }, (_, n) => label(n)), samples: [] };
    expect(() => decode(Array.from({ length }, () => series))).toThrow(refusal);
  });

  it('has a limit of bytes of labels in a series', () => {
    const labels = [{ name: 'a', value: 'x'.repeat(1_048_576) }];
    const body = toSnappy(encodeWriteRequest([{ labels, samples: [] }]));
    expect(() => decodeWriteRequest(body, { maxBytes: 2_000_000, maxSamples: 1 })).toThrow(
      'a series has more than 1048576 bytes of labels',
    );
  });

  it('leaves at most the given bytes of its series in memory', () => {
    const limit = 100_000;
    const memory = seriesMemory(limit);
    const made = new Set<object>();
    const keys = Array.from({ length: 1000 }, (_, n) => `\x0a\x08\x0a\x00\x12\x04${`${n}`.padStart(4, '0')}`);
    for (const key of [...keys, ...keys.slice(-100)]) made.add(memory.of(key, undefined));
    expect(made.size).toBe(1000);
    expect(memory.of(keys[0] ?? '', undefined)).not.toBe([...made][0]);
  });

  it('leaves no series in memory that came after one that stays', () => {
    const memory = seriesMemory(10_000);
    const labels = (n: number) => `\x0a\x08\x0a\x00\x12\x04${`${n}`.padStart(4, '0')}`;
    const staying = memory.of(labels(0), undefined);
    memory.of(labels(1), staying);
    expect(memory.after(staying)?.labels).toBe(labels(1));
    for (let n = 2; n < 100; n++) {
      memory.of(labels(n), undefined);
      expect(memory.of(labels(0), undefined)).toBe(staying);
    }
    const reachable = JSON.stringify(staying, (key, value: unknown) =>
      key === 'place' && value === staying.place ? { next: staying.place.next } : value,
    );
    expect(reachable).toContain('0000');
    expect(reachable).not.toContain('0001');
  });
});

/** The result, or the text of the error. */
function resultOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return String(error);
  }
}

function errorOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
