import { constants, createInflateRaw, type InflateRaw } from 'node:zlib';

const MEMORY_BYTES = 131_072;

/** The least that zlib takes. The memory of the stream itself is not used. */
const STREAM_CHUNK_BYTES = 64;

/** What lies under the streams of node:zlib. It is not documented: the tests show whether a version of Node.js has it. */
interface Handle {
  /** Called with a message before `writeSync` returns. */
  onerror: (message: string) => void;
  /** Fills the output as far as it can, and writes into `_writeState` what is left of output and input. */
  writeSync: (
    flush: number,
    input: Buffer,
    inputStart: number,
    inputBytes: number,
    output: Buffer,
    outputStart: number,
    outputBytes: number,
  ) => void;
}

/**
 * Unpacks raw deflate into memory that it uses again. A stream of node:zlib fills new memory with each chunk, and turns to
 * another thread and back for it. For large bodies, the garbage costs more than all other work.
 */
export class Inflater {
  readonly #stream = createInflateRaw({ chunkSize: STREAM_CHUNK_BYTES }) as InflateRaw & {
    _handle: Handle;
    _writeState: Uint32Array;
  };
  readonly #memory = Buffer.allocUnsafeSlow(MEMORY_BYTES);
  #error: Error | undefined;

  constructor() {
    const onerror = (message: string) => (this.#error = new Error(message));
    Object.assign(this.#stream._handle, { onerror });
  }

  /**
   * Unpacks what fits into the memory. `unpacked` is valid until the next call. If the memory is full, the rest of `packed`
   * has to be pushed again. `taken` bytes were unpacked: all, unless the memory is full or the deflate has ended. Throws for
   * bytes that are not deflate.
   */
  push(packed: Buffer): { unpacked: Buffer; taken: number; isFull: boolean } {
    const { _handle: handle, _writeState: left } = this.#stream;
    handle.writeSync(constants.Z_SYNC_FLUSH, packed, 0, packed.length, this.#memory, 0, MEMORY_BYTES);
    if (this.#error) throw this.#error;
    const [memoryLeft = 0, packedLeft = 0] = left;
    return {
      unpacked: this.#memory.subarray(0, MEMORY_BYTES - memoryLeft),
      taken: packed.length - packedLeft,
      isFull: memoryLeft === 0,
    };
  }

  close(): void {
    this.#stream.close();
  }
}
