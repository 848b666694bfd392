// Sets up the heap like the command `stackmeter exporter`, before the libraries are loaded.
import { collectInShortPauses, growHeapSparingly } from '../src/runtime/heap-growth.ts';

growHeapSparingly();
collectInShortPauses();
