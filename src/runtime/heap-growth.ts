import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 collect garbage when the heap is a quarter larger than the live data; the default is up to four times as
 * large. This is no limit: more live data get more memory. V8 reads the flag at each collection, so it can be set at run
 * time.
 */
export function growHeapSparingly(): void {
  setFlagsFromString('--heap-growing-percent=25');
}

/**
 * Keeps the space for new objects at its present size. By default it grows to 32 MB, and one collection that moves so many
 * objects stops the process for up to 70 ms. V8 reads the flag when the space would grow, so it can be set at run time.
 */
export function collectInShortPauses(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
