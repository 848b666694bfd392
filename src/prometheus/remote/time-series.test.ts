import {
  array,
  assert,
  boolean,
  integer,
  nat,
  option,
  property,
  record,
  string,
  uniqueArray,
} from 'fast-check';
import { expect, it } from 'vitest';
import { encodeWriteRequest } from '../../../test/portal/write-request.ts';
import { readAnySeries, readPlainSeries, type SeriesIdentity } from './time-series.ts';

const text = string({ maxLength: 140 });
const label = record({ name: string({ minLength: 1, maxLength: 8 }), value: text });

/** The `Label` messages of a series, with one character for each byte. */
function written(labels: { name: string; value: string }[]): string {
  const request = encodeWriteRequest([{ labels, samples: [] }]);
  // Before the labels come the series' field and its length, which takes one byte or two.
  return request.toString('latin1', (request[1] ?? 0) < 0x80 ? 2 : 3);
}

function orError(read: () => SeriesIdentity): unknown {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}

it('reads a plain series the fast way with the same result as the general way', () => {
  const labels = uniqueArray(label, { maxLength: 4, selector: ({ name }) => name });
  const broken = option(record({ at: nat(), byte: integer({ min: 0, max: 127 }), cut: boolean() }));
  assert(
    property(labels, array(label, { maxLength: 1 }), broken, (list, more, change) => {
      let bytes = written([...list, ...more]);
      if (change !== null && bytes !== '') {
        const at = change.at % bytes.length;
        bytes = change.cut
          ? bytes.slice(0, at)
          : bytes.slice(0, at) + String.fromCharCode(change.byte) + bytes.slice(at + 1);
      }
      const any = orError(() => readAnySeries(bytes));
      expect(orError(() => readPlainSeries(bytes) ?? readAnySeries(bytes))).toEqual(any);
    }),
    { numRuns: 2000 },
  );
});

it('counts usual series of Prometheus as plain, but not texts beyond ASCII or of 128 bytes', () => {
  const series = [
    { name: '__name__', value: 'up' },
    { name: 'job', value: 'a' },
  ];
  expect(readPlainSeries(written(series))).toEqual({ name: 'up', labels: { job: 'a' } });
  expect(readPlainSeries(written([{ name: 'job', value: 'ä' }]))).toBeUndefined();
  expect(readPlainSeries(written([{ name: 'job', value: 'a'.repeat(128) }]))).toBeUndefined();
});
