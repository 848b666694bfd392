import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyDecoder } from './body-decoder.ts';
import { type Framing, ResponseError } from './response-head.ts';

/** The body that comes in these pieces of a framing, and whether it has ended. */
function decode(framing: Framing, pieces: readonly Uint8Array[]): [body: string, ended: boolean] {
  const decoder = bodyDecoder(framing);
  const body = pieces.map((piece) => Buffer.from(decoder.take(Buffer.from(piece))));
  return [Buffer.concat(body).toString('latin1'), decoder.ended()];
}

const chunked = (...texts: string[]) =>
  decode(
    { kind: 'chunked' },
    texts.map((text) => Buffer.from(text, 'latin1')),
  );

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

describe('a chunked body', () => {
  it('is the same in chunks of any size, and wherever it is cut', () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (chunks, cuts) => {
          const framed = chunks.map((bytes) =>
            Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
          );
          const whole = Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
          const body = Buffer.concat(chunks).toString('latin1');
          expect(decode({ kind: 'chunked' }, cut(whole, cuts))).toEqual([body, true]);
          expect(decode({ kind: 'chunked' }, cut(whole.subarray(0, -1), cuts))).toEqual([body, false]);
        },
      ),
    );
  });

  it('moves each byte at most once, for all sizes of chunks', () => {
    const part = fc.constantFrom('1\r\nx\r\n', 'ffffffff\r\n', '00000002\r\nab\r\n', '0\r\n', '\r', 'x');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 60 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          const decoder = bodyDecoder({ kind: 'chunked' });
          let [moved, body] = [0, 0];
          try {
            for (const piece of cut(bytes, cuts)) {
              const counted = Buffer.from(piece);
              counted.copyWithin = (to, start, end) => {
                moved += Math.min(end ?? 0, piece.length) - start;
                return Buffer.prototype.copyWithin.call(counted, to, start, end) as typeof counted;
              };
              body += decoder.take(counted).length;
            }
          } catch (error) {
            if (!(error instanceof ResponseError)) throw error;
          }
          expect(moved).toBeLessThanOrEqual(bytes.length);
          expect(body).toBeLessThanOrEqual(moved);
        },
      ),
    );
  });

  it('accepts sizes in small and capital letters, and with leading zeros', () => {
    expect(chunked('00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n')).toEqual([
      '01234567890123456789',
      true,
    ]);
  });

  it.each([
    '\r\n',
    ';\r\n',
    '-1\r\n',
    '0x1\r\n',
    ' 1\r\nx\r\n',
    '1 \r\nx\r\n',
    '1;a=b\r\nx\r\n',
    '1\nx\n',
    '1\rx',
    '1\r\nxy\r\n',
    '1\r\nx\n',
    '1\r\nx\r1',
    '123456789\r\n',
    'ffffffff1\r\n',
    '0\r\na: b\r\n\r\n',
    '0\r\n\r\r',
    'HTTP/1.1 200 OK\r\n',
  ])('is refused as %j', (text) => {
    expect(() => chunked(text)).toThrow('a malformed chunk');
  });

  it('ends at its last chunk', () => {
    expect(() => chunked('0\r\n\r\nHTTP/1.1 200 OK')).toThrow('more than it announced');
    expect(() => chunked('0\r\n\r\n', '1')).toThrow('more than it announced');
  });
});

describe('a body of a known length', () => {
  it('has exactly that length', () => {
    const take = (bytes: number, ...texts: string[]) =>
      decode(
        { kind: 'length', bytes },
        texts.map((text) => Buffer.from(text)),
      );
    expect(take(0)).toEqual(['', true]);
    expect(take(3, 'a', 'bc')).toEqual(['abc', true]);
    expect(take(3, 'ab')).toEqual(['ab', false]);
    expect(() => take(3, 'ab', 'cd')).toThrow('more than it announced');
  });
});
