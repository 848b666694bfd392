import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveStreams, TooManyStreamsError } from './live-streams.ts';

beforeEach(() =>
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] }),
);
afterEach(() => vi.useRealTimers());

const START = 'retry: 500\n\n';
const NEWS = 'event: readings\ndata: new\n\n';
const all = () => true;

const textOf = (stream: Readable) => String(stream.read() ?? '');

describe('the streams of pages that wait for new readings', () => {
  it('tell of new readings those that see the cloud', () => {
    const live = new LiveStreams();
    const streams = [
      live.open('p-1', all),
      live.open('p-2', (site, cloud) => site === 'west' && cloud === 'b'),
    ];
    const site = (name: string, cloud: string, lastReadingMs: number) => ({
      name,
      clouds: [{ cloud, lastReadingMs }],
    });
    live.note([site('east', '', 1)]);
    live.note([site('east', '', 1)]);
    expect(streams.map(textOf)).toEqual([START, START]);
    live.note([site('east', '', 2), { name: 'west', clouds: [] }]);
    expect(streams.map(textOf)).toEqual([NEWS, '']);
    live.note([site('east', '', 2), site('west', 'b', 1)]);
    expect(streams.map(textOf)).toEqual([NEWS, NEWS]);
    live.note([site('east', '', 2), site('west', 'a', 3)]);
    expect(streams.map(textOf)).toEqual([NEWS, '']);
    live.close();
  });

  it('beat, and end after a minute, so that the sign-in is checked again', async () => {
    const live = new LiveStreams();
    const stream = live.open(undefined, all);
    const text: string[] = [];
    stream.on('data', (chunk) => text.push(String(chunk)));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    await vi.advanceTimersByTimeAsync(60_000);
    await closed;
    expect([text.join(''), live.isAwaited]).toEqual([`${START}${':\n\n'.repeat(4)}`, false]);
  });

  it('are twelve at most for each person and token, and end with the portal', async () => {
    const live = new LiveStreams();
    const own = Array.from({ length: 12 }, () => live.open('p-1', all));
    expect(() => live.open('p-1', all)).toThrow(TooManyStreamsError);
    const other = live.open('p-2', all);
    const gone = new Promise((resolve) => own[0]?.once('close', resolve));
    own[0]?.destroy();
    await gone;
    live.open('p-1', all);
    const ended = new Promise((resolve) => other.once('close', resolve));
    live.close();
    other.resume();
    await ended;
    expect(() => live.open('p-3', all)).toThrow(TooManyStreamsError);
  });
});
