import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow to twice what is in use before it is tidied up; V8 by itself goes up to 4 times. There is no limit in
 * it: a process that holds more gets more. V8 reads this at each collection, so that it can be set while it runs.
 */
export function growHeapSparingly(): void {
  setFlagsFromString('--heap-growing-percent=100');
}
