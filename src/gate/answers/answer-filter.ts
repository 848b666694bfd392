import { Transform } from 'node:stream';
import { seriesTest } from './allowed-series.ts';
import { AnswerError } from './answer-error.ts';
import { KnownLines } from './known-lines.ts';
import { LineCutter } from './line-cutter.ts';
import { type AnswerRules, TextExaminer } from './text-examiner.ts';

/**
 * The defence behind the policy: reads the text format as it streams and throws an `AnswerError` at the first sample that
 * no allowed selector selects. Lines pass unchanged, unless labels are to be rewritten.
 *
 * Most lines are recognised by their bytes. Lines that are not all recognised are examined as text, and this decides.
 */
export class AnswerExaminer {
  readonly #lines = new LineCutter();
  readonly #text: TextExaminer;
  readonly #known: KnownLines | undefined;

  constructor(rules: AnswerRules) {
    const text = new TextExaminer(rules);
    const { allowed, rewriting } = rules;
    this.#text = text;
    if (rewriting) return;
    this.#known = new KnownLines({
      mentioned: new Set(allowed.flat().map(({ label }) => label)),
      isAllowed: seriesTest(allowed),
      examine: (line) => text.examineLine(line),
    });
  }

  /** The parts that may leave, whole lines each. They may lie in the memory of `bytes`, which is not needed later. */
  push(bytes: Buffer): (string | Buffer)[] {
    return understood(() => this.#lines.push(bytes).map((lines) => this.#examine(lines)));
  }

  end(): string | Buffer {
    return understood(() => this.#text.examine(this.#lines.end()));
  }

  #examine(lines: Buffer): string | Buffer {
    const known = this.#known?.countAllowed(lines);
    if (known === undefined) return this.#text.examine(lines);
    this.#text.skipLines(known);
    return lines;
  }
}

/** An `AnswerExaminer` as a stream. */
export function createAnswerFilter(rules: AnswerRules): Transform {
  const examiner = new AnswerExaminer(rules);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      attempt(done, () => examiner.push(chunk).forEach((part) => this.push(part)));
    },
    flush(done) {
      attempt(done, () => this.push(examiner.end()));
    },
  });
}

function understood<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AnswerError) throw error;
    throw new AnswerError('the answer is not in the text format', { cause: error });
  }
}

function attempt(done: (error?: Error) => void, work: () => void): void {
  try {
    work();
    done();
  } catch (error) {
    done(error as Error);
  }
}
