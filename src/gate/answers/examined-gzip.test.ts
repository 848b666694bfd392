import { constants, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../policy.ts';
import { examinedGzip } from './examined-gzip.ts';

const { allowed } = parsePolicy(['{__name__=~"project_.*_usage"}']);

/** What leaves of a body that comes in pieces, and the error that ends it. */
async function leaving(pieces: readonly Buffer[]): Promise<{ bytes: Buffer; error: unknown }> {
  const left: Buffer[] = [];
  // The memory of a piece is used again for the next one.
  async function* body() {
    for (const piece of pieces) {
      const shared = Buffer.from(piece);
      yield shared;
      shared.fill(0xff);
    }
  }
  try {
    for await (const bytes of examinedGzip(body(), { allowed })) left.push(bytes);
  } catch (error) {
    return { bytes: Buffer.concat(left), error };
  }
  return { bytes: Buffer.concat(left), error: undefined };
}

/** All that can be unpacked from the start of a gzip body. */
const unpackable = (bytes: Buffer) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % bytes.length).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const line = fc
  .tuple(fc.constantFrom('project_a_usage', 'project_b_usage'), fc.string({ maxLength: 60 }), fc.nat())
  .map(([name, text, value]) => `${name}{a="${text.replaceAll(/["\\\n]/g, '')}"} ${value}\n`);
const lines = fc.array(line, { maxLength: 80 }).map((all) => all.join(''));
const places = fc.array(fc.nat(10_000), { maxLength: 12 });
const level = fc.integer({ min: 0, max: 9 });

const GOOD = 'project_a_usage 1\n'.repeat(50);
const packed = gzipSync(GOOD);

describe('an answer in gzip', () => {
  it('leaves with its own compressed bytes, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.boolean(), places, level, async (content, newline, cuts, packing) => {
        const text = newline ? content : content.trimEnd();
        const whole = gzipSync(text, { level: packing });
        const { bytes, error } = await leaving(cut(whole, cuts));
        expect(error).toBeUndefined();
        expect(gunzipSync(bytes).toString()).toBe(text);
        expect(bytes.subarray(10)).toEqual(whole.subarray(10));
      }),
    );
  });

  it('ends before anything can be unpacked of the first line outside the policy', async () => {
    await fc.assert(
      fc.asyncProperty(lines, lines, places, level, async (before, after, cuts, packing) => {
        const body = gzipSync(`${before}secret{a="b"} 1\n${after}`, { level: packing });
        const { bytes, error } = await leaving(cut(body, cuts));
        expect(error).toMatchObject({ message: 'the answer holds a series outside the policy' });
        expect(before.startsWith(unpackable(bytes))).toBe(true);
      }),
    );
  });

  it('leaves as soon as its lines are examined, before its end', async () => {
    const { bytes, error } = await leaving([packed.subarray(0, -9)]);
    expect(error).toBeInstanceOf(Error);
    expect(bytes.length).toBeLessThan(packed.length);
    const large = gzipSync(
      Array.from({ length: 5000 }, (_, at) => `project_a_usage{a="${at}"} ${at * at}\n`).join(''),
    );
    const half = await leaving([large.subarray(0, large.length / 2)]);
    expect(half.bytes.length).toBe(0 + 10);
    const quarters = await leaving(cut(large, [large.length / 4, large.length / 2]).slice(0, 2));
    expect(unpackable(quarters.bytes).length).toBeGreaterThan(1000);
  });

  it.each([
    ['bytes behind its end', Buffer.concat([packed, Buffer.from('x')]), 'goes on behind its end'],
    ['a second member', Buffer.concat([packed, packed]), 'goes on behind its end'],
    [
      'a comment in its header',
      Buffer.concat([Buffer.from('\x1f\x8b\x08\x10', 'latin1'), packed.subarray(4)]),
      'not in gzip',
    ],
    [
      'a wrong checksum',
      Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4), packed.subarray(-4)]),
      'damaged or was cut',
    ],
    ['a wrong length', Buffer.concat([packed.subarray(0, -4), Buffer.alloc(4)]), 'damaged or was cut'],
    ['a part of its trailer', packed.subarray(0, -1), 'damaged or was cut'],
    ['no end', packed.subarray(0, -12), 'damaged or was cut'],
    ['nothing behind its header', packed.subarray(0, 10), 'damaged or was cut'],
    ['no header', Buffer.from('project_a_usage 1\n'), 'not in gzip'],
    ['nothing at all', Buffer.alloc(0), 'damaged or was cut'],
  ])('is refused with %s, however it is cut', async (_, body, message) => {
    for (const step of [1, 3, 1000]) {
      const pieces = Array.from({ length: Math.ceil(body.length / step) }, (_piece, at) =>
        body.subarray(at * step, (at + 1) * step),
      );
      const { bytes, error } = await leaving(pieces);
      expect(error).toMatchObject({ message: expect.stringContaining(message) as string });
      expect(GOOD.startsWith(bytes.length > 10 ? unpackable(bytes) : '')).toBe(true);
    }
  });

  it('is refused if compressed bytes without text go on within a line', async () => {
    const lineStart = deflateRawSync('project_a_usage', { finishFlush: constants.Z_SYNC_FLUSH });
    const emptyBlocks = Buffer.alloc(1_000_000, Buffer.from([0, 0, 0, 0xff, 0xff]));
    const start = Buffer.concat([packed.subarray(0, 10), lineStart]);
    const { bytes, error } = await leaving([start, ...Array.from({ length: 5 }, () => emptyBlocks)]);
    expect(error).toMatchObject({ message: 'a line of the answer is too long' });
    expect(bytes.length).toBe(10);
  });

  it('leaves turns to other work, however much a few of its bytes contain', async () => {
    let turns = 0;
    const count = () => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const { error } = await leaving([gzipSync('project_a_usage 1\n'.repeat(500_000))]);
    clearImmediate(next);
    expect(error).toBeUndefined();
    expect(turns).toBeGreaterThan(20);
  });

  it('is refused if its bytes are not deflate', async () => {
    const { error } = await leaving([Buffer.concat([packed.subarray(0, 10), Buffer.alloc(20, 0xff)])]);
    expect(error).toMatchObject({ message: 'the answer is damaged or was cut off' });
  });
});
