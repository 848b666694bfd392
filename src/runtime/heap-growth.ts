import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 collect garbage when the heap is twice as large as the live data; the default is up to four times. This is
 * no limit: more live data get more memory. V8 reads the flag at each collection, so it can be set at run time.
 */
export function growHeapSparingly(): void {
  setFlagsFromString('--heap-growing-percent=100');
}
