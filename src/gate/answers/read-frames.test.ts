import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { AnswerError } from './answer-error.ts';
import { FrameSplitter } from './read-frames.ts';

const frame = (message: Uint8Array) =>
  Buffer.concat([
    message.length < 128
      ? Buffer.of(message.length)
      : Buffer.of(128 + (message.length % 128), message.length >> 7),
    Buffer.alloc(4),
    message,
  ]);

describe('the frames of a stream of chunks', () => {
  it('are found complete, wherever the stream is cut', () => {
    const message = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.integer({ min: 1, max: 400 }), (messages, step) => {
        const stream = Buffer.concat(messages.map(frame));
        const frames = new FrameSplitter();
        const found: Buffer[] = [];
        const passed: Buffer[] = [];
        for (let at = 0; at < stream.length; at += step) {
          const { whole, messages: some } = frames.push(stream.subarray(at, at + step));
          found.push(...some);
          passed.push(whole);
        }
        frames.end();
        expect(found.map((bytes) => [...bytes])).toEqual(messages.map((bytes) => [...bytes]));
        expect(Buffer.concat(passed).equals(stream)).toBe(true);
      }),
    );
  });

  it('are joined from their pieces once: each byte is copied only a few times, even in a slow stream', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 8 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 50 }), (sizes, step) => {
        const stream = Buffer.concat(sizes.map((size) => frame(Buffer.alloc(size))));
        const joins = vi.spyOn(Buffer, 'concat');
        const frames = new FrameSplitter();
        for (let at = 0; at < stream.length; at += step) frames.push(stream.subarray(at, at + step));
        const joined = joins.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
        joins.mockRestore();
        expect(joined).toBeLessThanOrEqual(3 * stream.length + 8 * step);
      }),
    );
  });

  it('are an error if a frame is longer than any frame of Prometheus, or if the stream ends within a frame', () => {
    const push = (bytes: Buffer) => new FrameSplitter().push(bytes);
    expect(() => push(Buffer.from('ffffff7f', 'hex'))).toThrow(AnswerError);
    expect(() => push(Buffer.from('ffffffff01', 'hex'))).toThrow(AnswerError);
    const frames = new FrameSplitter();
    frames.push(frame(Buffer.alloc(9)).subarray(0, 6));
    expect(() => frames.end()).toThrow('in the middle of a frame');
  });
});
