import { decodeReadResponse } from '../../../test/support/read-response.ts';
import { describe, expect, it } from 'vitest';
import { QueryResult, samplesAnswer } from './samples-answer.ts';
import { toSnappy, toSnappyPieces } from './snappy.ts';

/** `{__name__="NAME",a="ö"}` as `Label` messages. */
const labelsOf = (name: string) =>
  Buffer.concat([
    Buffer.of(
      0x0a,
      12 + name.length,
      0x0a,
      8,
      ...Buffer.from('__name__'),
      0x12,
      name.length,
      ...Buffer.from(name),
    ),
    Buffer.of(0x0a, 7, 0x0a, 1, 0x61, 0x12, 2, 0xc3, 0xb6),
  ]).toString('latin1');

const ONE_AND_A_HALF = 0x3ff80000;
const free = () => undefined;

describe('an answer with samples', () => {
  it('has the series and samples of each query, and no series without samples', () => {
    const result = new QueryResult(free);
    const checked: string[] = [];
    const add = (name: string, ...times: number[]) => {
      const series = result.series(labelsOf(name), (identity) => checked.push(identity.name));
      for (const timestampMs of times) series.add(timestampMs, ONE_AND_A_HALF, 0);
    };
    const times = Array.from({ length: 10_000 }, (_, index) => 1_700_000_000_000 + index * 15_000);
    add('m', ...times.slice(0, 10));
    add('n', 0, 127, 128, 2 ** 41, Number.MAX_SAFE_INTEGER);
    add('empty');
    add('m', ...times.slice(10));
    const { length, pieces } = samplesAnswer([result, new QueryResult(free), result]);
    const body = Buffer.concat([...toSnappyPieces(pieces, length)]);
    const series = (name: string, at: number[]) => ({
      name,
      labels: { a: 'ö' },
      samples: at.map((timestampMs) => ({ value: 1.5, timestampMs })),
    });
    const whole = [series('m', times), series('n', [0, 127, 128, 2 ** 41, Number.MAX_SAFE_INTEGER])];
    expect(decodeReadResponse(body, 2_000_000)).toEqual([whole, [], whole]);
    expect(checked).toEqual(['m', 'n', 'empty']);
  });

  it('counts memory before it takes more', () => {
    let [held, most] = [0, 0];
    const result = new QueryResult((bytes) => {
      held += bytes;
      most = Math.max(most, bytes);
      if (held > 100_000) throw new Error('too much');
    });
    const fill = () => {
      for (let at = 0; ; at += 1) result.series(labelsOf(`m${at % 3}`), free).add(at, 0, 0);
    };
    expect(fill).toThrow('too much');
    const { length, pieces } = samplesAnswer([result]);
    expect(toSnappy(Buffer.concat([...pieces])).length).toBeLessThan(100_000);
    expect([length <= 100_000, most <= 100_000]).toEqual([true, true]);
  });
});
