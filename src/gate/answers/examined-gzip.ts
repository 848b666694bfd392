import { crc32 } from 'node:zlib';
import { Inflater } from '../../runtime/http/inflater.ts';
import { myTurn } from '../../runtime/in-turns.ts';
import { AnswerError } from './answer-error.ts';
import { AnswerExaminer } from './answer-filter.ts';
import type { AnswerRules } from './text-examiner.ts';

/** Deflate, no optional fields, no time, and an unknown system. Source: RFC 1952, section 2.3. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** The part that says that there are no optional fields. */
const FIXED_BYTES = 4;
/** CRC-32 and length of the content. */
const TRAILER_BYTES = 8;
/** More than the compressed bytes of the longest line. Empty blocks of deflate within a line add bytes without any text. */
const MAX_HELD_BYTES = 4 * 2 ** 20;
const DAMAGED = 'the answer is damaged or was cut off';

/**
 * Examines a gzip answer without rewriting. Yields its own compressed bytes as soon as all that can be unpacked from them
 * may leave, so nothing is compressed again. Header and trailer are written here: they could carry anything. The answer is
 * one member of gzip with a plain header. Throws `AnswerError` like `AnswerExaminer`, and for anything behind the end.
 */
export async function* examinedGzip(body: AsyncIterable<Buffer>, rules: AnswerRules): AsyncGenerator<Buffer> {
  const content = new UnpackedContent(rules);
  let trailer = Buffer.alloc(0);
  const held: { bytes: Buffer; endsAt: number }[] = [];
  let heldBytes = 0;
  try {
    yield HEADER;
    for await (const bytes of behindHeader(body)) {
      const taken = await content.push(bytes);
      held.push({ bytes: bytes.subarray(0, taken), endsAt: content.unpackedBytes });
      trailer = Buffer.concat([trailer, bytes.subarray(taken)]);
      if (trailer.length > TRAILER_BYTES) throw new AnswerError('the answer goes on behind its end');
      heldBytes += taken;
      for (let [first] = held; first !== undefined && first.endsAt <= content.examinedBytes; [first] = held) {
        held.shift();
        heldBytes -= first.bytes.length;
        yield first.bytes;
      }
      if (heldBytes > MAX_HELD_BYTES) throw new AnswerError('a line of the answer is too long');
    }
    content.end(trailer);
    for (const { bytes } of held) yield bytes;
    yield trailer;
  } finally {
    content.close();
  }
}

/** Copies of the pieces behind the header, which may have to wait. */
async function* behindHeader(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let seen = 0;
  for await (const piece of body) {
    const fixed = piece.subarray(0, Math.max(0, FIXED_BYTES - seen));
    if (!HEADER.subarray(seen, seen + fixed.length).equals(fixed))
      throw new AnswerError('the answer is not in gzip as Prometheus writes it');
    yield Buffer.from(piece.subarray(Math.max(0, HEADER.length - seen)));
    seen += piece.length;
  }
}

/** The content of an answer. Keeps only the line that has not ended. */
class UnpackedContent {
  readonly #inflater = new Inflater();
  readonly #examiner: AnswerExaminer;
  #crc = 0;
  unpackedBytes = 0;
  /** The bytes that may leave. */
  examinedBytes = 0;

  constructor(rules: AnswerRules) {
    this.#examiner = new AnswerExaminer(rules);
  }

  /** Unpacks and examines all that compressed bytes contain, and returns how many of them belong to the content. */
  async push(compressed: Buffer): Promise<number> {
    let takenBytes = 0;
    for (;;) {
      const { unpacked, taken, isFull } = this.#unpack(compressed.subarray(takenBytes));
      this.#crc = crc32(unpacked, this.#crc);
      this.unpackedBytes += unpacked.length;
      for (const part of this.#examiner.push(unpacked)) this.examinedBytes += part.length;
      takenBytes += taken;
      if (!isFull) return takenBytes;
      await myTurn();
    }
  }

  /** Examines a last line without a newline. The content is whole if this is its trailer. */
  end(trailer: Buffer): void {
    const whole = Buffer.alloc(TRAILER_BYTES);
    whole.writeUInt32LE(this.#crc, 0);
    whole.writeUInt32LE(this.unpackedBytes % 2 ** 32, 4);
    if (!whole.equals(trailer)) throw new AnswerError(DAMAGED);
    this.#examiner.end();
  }

  close(): void {
    this.#inflater.close();
  }

  #unpack(compressed: Buffer) {
    try {
      return this.#inflater.push(compressed);
    } catch (cause) {
      throw new AnswerError(DAMAGED, { cause });
    }
  }
}
