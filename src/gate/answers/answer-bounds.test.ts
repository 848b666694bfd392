import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { withinBounds } from './answer-bounds.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** An answer on a connection without a network, which counts the bytes that are written. */
function startAnswer(bytesBefore = 0) {
  const connection = Object.assign(new Duplex({ read: () => {}, write: (_b, _e, done) => done() }), {
    bytesWritten: bytesBefore,
  });
  const response = new ServerResponse({ method: 'GET' } as IncomingMessage);
  response.assignSocket(connection as unknown as Socket);
  const limits = { timeoutMs: 1000, maxBytes: 100 };
  const ended: string[] = [];
  const done = withinBounds(response, limits, async (signal) => {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => {
        ended.push((signal.reason as Error).message);
        reject(new Error('the error of the work'));
      });
      response.once('finish', resolve);
    });
  }).catch((error: Error) => error.message);
  return { connection, response, ended, done };
}

describe('an answer within its limits', () => {
  it('is broken off if it takes too long', async () => {
    const { ended } = startAnswer();
    await vi.advanceTimersByTimeAsync(999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['the answer took too long']);
  });

  it('is broken off if it is too large; earlier answers on the connection do not count', async () => {
    const { connection, ended } = startAnswer(50);
    connection.bytesWritten = 150;
    await vi.advanceTimersByTimeAsync(400);
    expect(ended).toEqual([]);
    connection.bytesWritten = 151;
    await vi.advanceTimersByTimeAsync(200);
    expect(ended).toEqual(['the answer grew too large']);
  });

  it('is broken off if its client is gone', () => {
    const { response, ended } = startAnswer();
    response.emit('close');
    expect(ended).toEqual(['the client is gone']);
  });

  it('fails with the reason of the abort after its first byte, and with its own error before', async () => {
    const [started, waiting] = [startAnswer(), startAnswer()];
    started.response.writeHead(200).flushHeaders();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await started.done).toBe('the answer took too long');
    expect(await waiting.done).toBe('the error of the work');
  });

  it('leaves no timer running', async () => {
    const { response, done } = startAnswer();
    response.emit('finish');
    await done;
    expect(vi.getTimerCount()).toBe(0);
  });
});
