import { Readable } from 'node:stream';
import { Gunzip, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { unpacked, type BodyEncoding } from './unpacked.ts';

const KIB = 1024;
const BOUNDS = { maxWireBytes: 64 * KIB, maxUnpackedBytes: 300 * KIB };
class TooLarge extends Error {}
const refusal = (maxBytes: number, where: string) => new TooLarge(`${maxBytes} ${where}`);

/** Parts of a gzip stream: bombs, empty members, text, and bytes that are not gzip. */
const MEMBERS = {
  bomb: gzipSync(Buffer.alloc(16 * KIB * KIB)),
  smallBomb: gzipSync(Buffer.alloc(200 * KIB)),
  nothing: Buffer.concat(Array.from({ length: 500 }, () => gzipSync(''))),
  noise: gzipSync(Buffer.from(Array.from({ length: 20 * KIB }, (_, i) => (i * i * 31) % 251))),
  text: gzipSync('m{a="b"} 1\n'.repeat(100)),
  broken: Buffer.from('no gzip'),
};
const aBody = fc
  .record({
    members: fc.array(fc.constantFrom(...Object.values(MEMBERS)), { minLength: 1, maxLength: 8 }),
    cutAt: fc.integer({ min: 1, max: 3000 }),
    lost: fc.integer({ min: 0, max: 20 }),
  })
  .map(({ members, cutAt, lost }) => {
    const bytes = Buffer.concat(members);
    return piecesOf(bytes.subarray(0, bytes.length - lost), cutAt);
  });

function piecesOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/** The cost of a body: bytes read from the wire, bytes inflated, bytes passed on; and the error, if any. */
async function costOf(pieces: readonly Buffer[], encoding: BodyEncoding) {
  const cost = { read: 0, inflated: 0, given: 0, largestPiece: 0 };
  const push = vi.spyOn(Gunzip.prototype, 'push').mockImplementation(function (
    this: Readable,
    chunk: Buffer | null,
  ) {
    cost.inflated += chunk?.length ?? 0;
    return Readable.prototype.push.call(this, chunk);
  });
  onTestFinished(() => push.mockRestore());
  function* source() {
    for (const piece of pieces) {
      cost.read += piece.length;
      yield piece;
    }
  }
  let error: unknown;
  try {
    for await (const piece of unpacked(Readable.from(source()), encoding, { ...BOUNDS, refusal })) {
      cost.given += piece.length;
      cost.largestPiece = Math.max(cost.largestPiece, piece.length);
    }
  } catch (caught) {
    error = caught;
  }
  return { ...cost, error };
}

/** Bytes in the streams' own buffers and in one chunk of the decompression. */
const BUFFERED = 512 * KIB;

describe('a body from others', () => {
  it('is read, inflated and passed on within its limits, for any content', async () => {
    await fc.assert(
      fc.asyncProperty(aBody, fc.constantFrom<BodyEncoding>('gzip', 'identity'), async (pieces, encoding) => {
        const cost = await costOf(pieces, encoding);
        expect(cost.read).toBeLessThanOrEqual(BOUNDS.maxWireBytes + BUFFERED);
        expect(cost.inflated).toBeLessThanOrEqual(BOUNDS.maxUnpackedBytes + BUFFERED);
        expect(cost.given).toBeLessThanOrEqual(Math.max(...Object.values(BOUNDS)));
        expect(cost.largestPiece).toBeLessThanOrEqual(16 * KIB);
      }),
    );
  });

  it('is the same from a small or a large body, cut anywhere', async () => {
    const aText = fc.nat(10_000).map((lines) => 'm{a="b"} 1\n'.repeat(lines));
    const encodings = fc.constantFrom<BodyEncoding>('gzip', 'identity');
    const unlimited = { maxWireBytes: Infinity, maxUnpackedBytes: Infinity, refusal };
    await fc.assert(
      fc.asyncProperty(
        aText,
        encodings,
        fc.integer({ min: 50, max: 3000 }),
        async (text, encoding, cutAt) => {
          const bytes = encoding === 'gzip' ? gzipSync(text, { level: 0 }) : Buffer.from(text);
          const pieces: Buffer[] = [];
          for await (const piece of unpacked(Readable.from(piecesOf(bytes, cutAt)), encoding, unlimited))
            pieces.push(piece);
          expect(Buffer.concat(pieces).equals(Buffer.from(text))).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    ['damaged', Buffer.from('no gzip'), 'Z_DATA_ERROR'],
    ['cut off', MEMBERS.text.subarray(0, -9), 'Z_BUF_ERROR'],
    ['cut off and large', gzipSync(Buffer.alloc(60 * KIB), { level: 0 }).subarray(0, -9), 'Z_BUF_ERROR'],
  ])('is refused if it is %s', async (_kind, bytes, code) => {
    const { error } = await costOf(piecesOf(bytes, 10_000), 'gzip');
    expect(error).toMatchObject({ code });
  });

  it('is destroyed if nobody reads on', async () => {
    for (const encoding of ['gzip', 'identity'] as const) {
      const bytes = encoding === 'gzip' ? gzipSync(Buffer.alloc(KIB * KIB), { level: 0 }) : Buffer.alloc(KIB);
      const body = Readable.from(piecesOf(bytes, 1000));
      for await (const _piece of unpacked(body, encoding, { ...BOUNDS, maxWireBytes: Infinity, refusal }))
        break;
      expect(body.destroyed).toBe(true);
    }
  });

  it('is refused above its limits, with an error that names the limit', async () => {
    const bomb = await costOf([MEMBERS.bomb], 'gzip');
    expect([bomb.error, bomb.inflated > BOUNDS.maxUnpackedBytes]).toEqual([
      new TooLarge(`${BOUNDS.maxUnpackedBytes} decompressed`),
      true,
    ]);
    const endless = Array.from({ length: 10_000 }, () => MEMBERS.nothing);
    const { error, read } = await costOf(endless, 'gzip');
    expect(error).toEqual(new TooLarge(`${BOUNDS.maxWireBytes} on the wire`));
    expect(read).toBeLessThan(BOUNDS.maxWireBytes + BUFFERED);
  });
});
