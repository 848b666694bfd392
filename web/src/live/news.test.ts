import { expect, it, vi } from 'vitest';
import { News } from './news.ts';

/** An `EventSource` of which the test sends the events. */
class FakeSource extends EventTarget {
  readyState = 0;
  close(): void {
    this.readyState = 2;
  }
  send(type: string): void {
    this.dispatchEvent(new Event(type));
  }
}

it('opens one stream for all listeners, and closes it with the last one', () => {
  const sources: FakeSource[] = [];
  const news = new News(() => {
    sources.push(new FakeSource());
    return sources.at(-1) as FakeSource;
  });
  const [one, two] = [vi.fn(), vi.fn()];
  const ends = [news.listen(one), news.listen(two)];
  sources[0]?.send('open');
  sources[0]?.send('readings');
  ends[0]?.();
  sources[0]?.send('readings');
  expect([sources.length, one.mock.calls.length, two.mock.calls.length, news.isTold]).toEqual([
    1,
    1,
    2,
    true,
  ]);
  ends[1]?.();
  expect([sources[0]?.readyState, news.isTold]).toEqual([2, false]);
  news.listen(one);
  expect(sources.length).toBe(2);
});

it('tells of a break, but counts a stream that never opened as none', () => {
  const source = new FakeSource();
  const news = new News(() => source);
  const listener = vi.fn();
  news.listen(listener);
  source.send('error');
  expect([listener.mock.calls.length, news.isTold]).toEqual([0, false]);
  source.send('open');
  source.send('error');
  expect([listener.mock.calls.length, news.isTold]).toEqual([1, true]);
  source.close();
  expect(news.isTold).toBe(false);
});
