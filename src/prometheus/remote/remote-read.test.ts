import { decodeReadResponse } from '../../../test/support/read-response.ts';
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { ProtobufError } from './protobuf-reader.ts';
import { decodeReadRequest, encodeReadRequest, type ReadQuery } from './remote-read.ts';
import type { Matcher } from '../selectors/selectors.ts';
import { fromSnappy, SnappyError, toSnappy } from './snappy.ts';

/** The published definition. */
const { root } = protobuf.parse(
  `syntax = "proto3";
   message ReadRequest { repeated Query queries = 1; repeated int32 accepted = 2; }
   message ReadResponse { repeated QueryResult results = 1; }
   message Query { int64 start = 1; int64 end = 2; repeated LabelMatcher matchers = 3; ReadHints hints = 4; }
   message QueryResult { repeated TimeSeries timeseries = 1; }
   message LabelMatcher { int32 type = 1; string name = 2; string value = 3; }
   message ReadHints { int64 step_ms = 1; string func = 2; }
   message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
   message Label { string name = 1; string value = 2; }
   message Sample { double value = 1; int64 timestamp = 2; }`,
);
const encodeAs = (type: string, object: object): Buffer =>
  Buffer.from(root.lookupType(type).encode(root.lookupType(type).fromObject(object)).finish());

const text = fc.string({ unit: 'grapheme', maxLength: 80 });
const matcher: fc.Arbitrary<Matcher> = fc.record({
  label: text,
  op: fc.constantFrom('=', '!=', '=~', '!~'),
  value: text,
});
const query: fc.Arbitrary<ReadQuery> = fc.record({
  startMs: fc.maxSafeInteger(),
  endMs: fc.maxSafeInteger(),
  matchers: fc.array(matcher, { maxLength: 4 }),
});

function outcomeOf(work: () => unknown): string {
  try {
    work();
    return 'decoded';
  } catch (error) {
    return error instanceof ProtobufError || error instanceof SnappyError ? error.name : String(error);
  }
}

describe('a remote read request', () => {
  it('is read correctly by our decoder and by another one', () => {
    fc.assert(
      fc.property(fc.array(query, { maxLength: 3 }), (queries) => {
        const body = encodeReadRequest(queries, ['streamed-chunks', 'samples']);
        expect(decodeReadRequest(body, 100_000)).toEqual({
          queries,
          accepted: ['streamed-chunks', 'samples'],
        });
        const type = root.lookupType('ReadRequest');
        const other = type.toObject(type.decode(fromSnappy(body, 100_000)), {
          longs: Number,
          defaults: true,
        });
        expect(other).toMatchObject({
          queries: queries.map(({ startMs, endMs, matchers }) => ({
            start: startMs,
            end: endMs,
            matchers: matchers.map(({ label, op, value }) => ({
              type: ['=', '!=', '=~', '!~'].indexOf(op),
              name: label,
              value,
            })),
          })),
          accepted: [1, 0],
        });
      }),
    );
  });

  it('is read correctly from another encoder, without its hints', () => {
    const bytes = encodeAs('ReadRequest', {
      queries: [
        { start: -1, end: 5, matchers: [{ name: 'a', value: 'b' }], hints: { stepMs: 5, func: 'sum' } },
      ],
      accepted: [1, 7],
    });
    expect(decodeReadRequest(toSnappy(bytes), 1000)).toEqual({
      queries: [{ startMs: -1, endMs: 5, matchers: [{ label: 'a', op: '=', value: 'b' }] }],
      accepted: ['streamed-chunks'],
    });
  });

  it('accepts each form of an answer once, even if it names the form many times', () => {
    const accepted = Array.from({ length: 200_000 }, (_, index) => (index + 1) % 2);
    const bytes = encodeAs('ReadRequest', { accepted });
    expect(decodeReadRequest(toSnappy(bytes), 1_000_000)).toEqual({
      queries: [],
      accepted: ['streamed-chunks', 'samples'],
    });
  });

  it('of arbitrary bytes is decoded or refused, without any other error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, packed) => {
        expect(outcomeOf(() => decodeReadRequest(packed ? toSnappy(bytes) : bytes, 10_000))).toMatch(
          /^(?:decoded|ProtobufError|SnappyError)$/,
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the answer of a remote read', () => {
  it('has the series of each query', () => {
    const labels = [
      { name: '__name__', value: 'project_mb_usage' },
      { name: 'a', value: 'ö' },
    ];
    const samples = [{ value: 1.5, timestamp: 7 }];
    const bytes = encodeAs('ReadResponse', { results: [{}, { timeseries: [{ labels, samples }] }] });
    expect(decodeReadResponse(toSnappy(bytes), 1000)).toEqual([
      [],
      [{ name: 'project_mb_usage', labels: { a: 'ö' }, samples: [{ value: 1.5, timestampMs: 7 }] }],
    ]);
  });

  it.each([
    ['results', new Uint8Array(20).map((_, index) => (index % 2 === 0 ? 0x0a : 0))],
    [
      'series',
      Uint8Array.of(0x0a, 18, ...new Uint8Array(18).map((_, index) => (index % 2 === 0 ? 0x0a : 0))),
    ],
    [
      'samples',
      Uint8Array.of(
        0x0a,
        18,
        0x0a,
        16,
        ...new Uint8Array(16).map((_, index) => (index % 2 === 0 ? 0x12 : 0)),
      ),
    ],
  ])('is refused before ten empty %s of two bytes each take memory, if nine are allowed', (_, bytes) => {
    expect(() => decodeReadResponse(toSnappy(bytes), 1000, 9)).toThrow(
      'the message has more than 9 series and samples',
    );
    expect(decodeReadResponse(toSnappy(bytes), 1000, 10)).toBeDefined();
  });
});
