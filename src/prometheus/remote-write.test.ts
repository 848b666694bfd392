import {
  array,
  assert,
  boolean,
  check,
  constantFrom,
  double,
  maxSafeInteger,
  property,
  record,
  string,
  uint8Array,
  uniqueArray,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeWriteRequest, type WrittenSeries } from '../../test/write-request.ts';
import { ProtobufError } from './protobuf-reader.ts';
import { decodeWriteRequest, rememberedSeries } from './remote-write.ts';
import { SnappyError, toSnappy } from './snappy.ts';

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
  it('is every sample with the name and labels of its series', () => {
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

  it('reads back whatever another encoder wrote', () => {
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

  it('is the same whether its series are remembered from others before it or not', () => {
    const label = record({
      name: constantFrom('a', 'b', '__name__'),
      value: constantFrom('', 'a', 'aa', 'ä'),
    });
    const series = record({
      labels: uniqueArray(label, { maxLength: 3, selector: ({ name }) => name }),
      samples: array(record({ value: double(), timestamp: maxSafeInteger() }), { maxLength: 2 }),
    });
    const seriesOf = rememberedSeries(2000);
    assert(
      property(array(series, { maxLength: 8 }), (list) => {
        const body = toSnappy(encodeWriteRequest(list));
        expect(decodeWriteRequest(body, LIMITS, seriesOf)).toEqual(decodeWriteRequest(body, LIMITS));
      }),
    );
  });

  it('may have labels after samples, and before them again', () => {
    const one = { labels: [{ name: 'a', value: '1' }], samples: [{ value: 1, timestamp: 2 }] };
    const other = { labels: [{ name: 'b', value: '2' }], samples: [{ value: 3, timestamp: 4 }] };
    const merged = Buffer.concat([one, other].map((part) => encodeWriteRequest([part]).subarray(2)));
    const body = toSnappy(Buffer.concat([Buffer.from([0x0a, merged.length]), merged]));
    expect(decodeWriteRequest(body, LIMITS)).toEqual([
      { name: '', labels: { a: '1', b: '2' }, value: 1, timestampMs: 2 },
      { name: '', labels: { a: '1', b: '2' }, value: 3, timestampMs: 4 },
    ]);
  });

  it('that breaks off anywhere is an error, not a part of it', () => {
    const whole = encodeWriteRequest([usage]);
    for (let length = 1; length < whole.length; length += 1)
      expect(() => decodeWriteRequest(toSnappy(whole.subarray(0, length)), LIMITS), `${length}`).toThrow(
        ProtobufError,
      );
  });

  it('of arbitrary bytes is decoded or refused, and never anything else', () => {
    const honest = property(uint8Array({ maxLength: 200 }), boolean(), (bytes, packed) => {
      const thrown = errorOf(() => decodeWriteRequest(packed ? toSnappy(bytes) : bytes, LIMITS));
      return thrown === undefined || thrown instanceof ProtobufError || thrown instanceof SnappyError;
    });
    expect(check(honest, { numRuns: 2000 }).failed).toBe(false);
  });

  it('that would be too large is refused before it is decompressed', () => {
    const bomb = toSnappy(Buffer.alloc(1_000_001));
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => decodeWriteRequest(bomb, LIMITS)).toThrow('larger than 1000000 bytes when decompressed');
  });

  it('may hold only so many series and samples, even empty ones', () => {
    const empty = (length: number) => Array.from({ length }, () => ({ labels: [], samples: [] }));
    expect(decode(empty(1000))).toEqual([]);
    expect(() => decode(empty(1001))).toThrow('it holds more than 1000 series and samples');
  });
});

function errorOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
