import { array, assert, constantFrom, integer, oneof, property, string, uint8Array } from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ProtobufError } from './remote/protobuf-reader.ts';
import { decodeReadRequest, readResponseSteps } from './remote/remote-read.ts';
import { writeRequestSteps } from './remote/remote-write.ts';
import { SeriesMemory } from './remote/series-memory.ts';
import { SnappyError, snappySteps, toSnappy } from './remote/snappy.ts';
import { atOnce } from './steps.ts';
import { unquoteLiteral } from './selectors/string-literal.ts';
import { ExpositionError, ExpositionParser } from './text-format/text-format-parser.ts';

/** Runs the work until it ends or refuses its input, and passes other errors on. */
function upToRefusal(work: () => void): void {
  try {
    work();
  } catch (error) {
    const refused = [ExpositionError, ProtobufError, SnappyError].some((kind) => error instanceof kind);
    if (!refused) throw error;
  }
}

describe('the cost of a text in the text format', () => {
  const part = constantFrom(
    '"',
    '\\',
    '\n',
    '{',
    '}',
    '=',
    ',',
    ' ',
    'm{a="',
    '"} 1\n',
    '# HELP "',
    'x'.repeat(50),
  );
  const pieces = array(array(part, { maxLength: 20 }), { maxLength: 40 });

  it('is a bounded number of looks at each character, for all ways to cut the text', () => {
    assert(
      property(pieces, (list) => {
        const chunks = list.map((parts) => parts.join(''));
        const looks = vi.spyOn(String.prototype, 'charCodeAt');
        const parser = new ExpositionParser();
        upToRefusal(() => {
          for (const chunk of chunks) parser.push(chunk);
          parser.end();
        });
        const count = looks.mock.calls.length;
        looks.mockRestore();
        expect(count).toBeLessThan(10 * chunks.join('').length + 100);
      }),
    );
  });

  it('is bounded for one label value with newlines that arrives in small chunks', () => {
    const chunk = 'x\\"\n'.repeat(50);
    const looks = vi.spyOn(String.prototype, 'charCodeAt');
    const parser = new ExpositionParser();
    parser.push('m{a="\n');
    for (let count = 0; count < 300; count += 1) parser.push(chunk);
    const [sample] = parser.push('"} 1\n');
    const count = looks.mock.calls.length;
    looks.mockRestore();
    expect(sample?.labels['a']?.length).toBe(1 + 300 * 150);
    expect(count).toBeLessThan(4 * 300 * chunk.length);
  });
});

describe('the cost of a Snappy block', () => {
  it('is bounded by its length, and its output by the stated and the allowed length', () => {
    assert(
      property(uint8Array({ maxLength: 400 }), integer({ min: 0, max: 1000 }), (bytes, maxBytes) => {
        let read = 0;
        const block = new Proxy(bytes, {
          get: (target, key) => {
            if (typeof key === 'string' && /^\d+$/.test(key)) read += 1;
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
          },
        });
        upToRefusal(() => expect(atOnce(snappySteps(block, maxBytes)).length).toBeLessThanOrEqual(maxBytes));
        expect(read).toBeLessThanOrEqual(2 * bytes.length + 5);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the cost of remote read and write', () => {
  const field = constantFrom(
    [0x0a, 0],
    [0x0a, 2, 0x0a, 0],
    [0x12, 0],
    [0x1a, 0],
    [0x0a, 4, 0x12, 0, 0x0a, 0],
    [0x10, 1],
  );
  const message = oneof(
    array(field, { maxLength: 60 }).map((fields) => Uint8Array.from(fields.flat())),
    uint8Array({ maxLength: 200 }),
  );
  const LIMIT = 20;
  const memory = new SeriesMemory((identity) => identity, 0);

  it('is at most the allowed queries, series and samples, and at most those that fit into the message', () => {
    assert(
      property(message, (bytes) => {
        const body = toSnappy(bytes);
        upToRefusal(() => {
          const { queries } = decodeReadRequest(body, bytes.length, LIMIT);
          const items = queries.reduce((sum, { matchers }) => sum + 1 + matchers.length, 0);
          expect(items).toBeLessThanOrEqual(Math.min(LIMIT, bytes.length / 2));
        });
        let items = 0;
        const take = () => void (items += 1);
        upToRefusal(() => atOnce(readResponseSteps(body, { maxBytes: bytes.length, maxItems: LIMIT }, take)));
        expect(items).toBeLessThanOrEqual(Math.min(LIMIT, bytes.length / 2));
        items = 0;
        upToRefusal(() =>
          atOnce(writeRequestSteps(body, { maxBytes: bytes.length, maxSamples: LIMIT }, memory, take)),
        );
        expect(items).toBeLessThanOrEqual(Math.min(LIMIT, bytes.length / 2));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the cost of a string literal', () => {
  it('is a text with at most as many bytes of UTF-8 as the literal, for all escapes', () => {
    const escape = constantFrom('\\xc3', '\\251', '\\u00e9', '\\U0001f600', '\\n', '\\', '"', 'é');
    assert(
      property(array(oneof(escape, string({ maxLength: 3 })), { maxLength: 40 }), (parts) => {
        const literal = `"${parts.join('')}"`;
        const text = unquoteLiteral(literal) ?? '';
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(Buffer.byteLength(literal));
      }),
    );
  });
});
