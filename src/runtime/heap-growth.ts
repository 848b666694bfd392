import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * Makes V8 collect garbage when the heap is a fifth larger than the live data; the default is up to four times as
 * large. This is no limit: more live data get more memory. V8 reads the flag at each collection, so it can be set at run
 * time.
 */
export function growHeapSparingly(): void {
  setFlagsFromString('--heap-growing-percent=20');
}

/**
 * Keeps the space for new objects at its present size. By default it grows to 32 MB, and one collection that moves so many
 * objects stops the process for up to 70 ms. V8 reads the flag when the space would grow, so it can be set at run time.
 */
export function collectInShortPauses(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** The default of V8. */
const GROWTH_FACTOR = 2;

/**
 * Lets the space for new objects grow up to `mb` megabytes. Two collections in one turn of the event loop may double it
 * once more. V8 shrinks the space of a process that rests. If it could not grow again, it would be collected several times
 * as often.
 */
export function limitNewSpace(mb: number): void {
  let mayGrow: boolean | undefined;
  const adjust = () => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const hasRoom = (space?.space_size ?? 0) * GROWTH_FACTOR <= mb * 2 ** 20;
    if (hasRoom !== mayGrow) setFlagsFromString(`--semi-space-growth-factor=${hasRoom ? GROWTH_FACTOR : 1}`);
    mayGrow = hasRoom;
  };
  adjust();
  new PerformanceObserver(adjust).observe({ entryTypes: ['gc'] });
}
