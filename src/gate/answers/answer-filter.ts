import { Transform } from 'node:stream';
import type { Sample } from '../../prometheus/sample.ts';
import { compileSelector, type SeriesPredicate } from '../../prometheus/selectors/selector-matching.ts';
import { NAME_LABEL } from '../../prometheus/selectors/selectors.ts';
import { ExpositionParser } from '../../prometheus/text-format/text-format-parser.ts';
import { seriesFormat, familyHead, formatPoint } from '../../prometheus/text-format/text-format-writer.ts';
import { type LabelRewriting, rewriteLabels } from './label-rewriting.ts';
import type { Selector } from '../policy.ts';

/** The series that an answer may hold, and how their labels are rewritten. */
export interface AnswerRules {
  allowed: readonly Selector[];
  rewriting?: LabelRewriting | undefined;
}

/** An answer holds series that must not leave the site, or is not in a known format. The message shows no names. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 1_048_576;

/**
 * The defence behind the policy: reads the text format as it streams and throws an `AnswerError` at the first sample that
 * no allowed selector selects. Lines pass unchanged, unless labels are to be rewritten.
 */
export class AnswerExaminer {
  readonly #lines = new LineCutter();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // Prometheus' federation escapes newlines. A line that went on behind one would pass before it was examined.
  readonly #parser = new ExpositionParser({ newlines: false });
  readonly #isAllowed: SeriesPredicate;
  readonly #isAllowedName: (name: string) => boolean;
  readonly #rewrite: ((samples: readonly Sample[]) => string) | undefined;

  constructor({ allowed, rewriting }: AnswerRules) {
    this.#isAllowed = seriesTest(allowed);
    this.#isAllowedName = nameTest(allowed);
    this.#rewrite = rewriting && sampleRewriter(rewriting);
  }

  /** Returns what may leave. It may lie in the memory of `bytes`, which is not needed later. */
  push(bytes: Buffer): string | Buffer {
    return understood(() => this.#examine(this.#lines.push(bytes)));
  }

  end(): string | Buffer {
    return understood(() => this.#examine(this.#lines.end()));
  }

  #examine(bytes: Buffer): string | Buffer {
    const text = this.#decoder.decode(bytes);
    const samples = this.#parser.push(text.endsWith('\n') || text === '' ? text : `${text}\n`);
    for (const { name, labels } of samples)
      if (!this.#isAllowed(name, labels))
        throw new AnswerError('the answer holds a series outside the policy');
    if (this.#rewrite) return this.#rewrite(samples);
    checkComments(text, this.#isAllowedName);
    return bytes;
  }
}

/** An `AnswerExaminer` as a stream. */
export function createAnswerFilter(rules: AnswerRules): Transform {
  const examiner = new AnswerExaminer(rules);
  return new Transform({
    transform: (chunk: Buffer, _, done) => attempt(done, () => examiner.push(chunk)),
    flush: (done) => attempt(done, () => examiner.end()),
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

function attempt(
  done: (error: Error | null, bytes?: string | Buffer) => void,
  work: () => string | Buffer,
): void {
  try {
    done(null, work());
  } catch (error) {
    done(error as Error);
  }
}

/** Cuts bytes into whole lines, of chunks of any size. */
class LineCutter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  push(chunk: Buffer): Buffer {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#keep(chunk);
      return Buffer.alloc(0);
    }
    const lines = chunk.subarray(0, end);
    const whole = this.#rest.length === 0 ? lines : Buffer.concat([...this.#rest, lines]);
    this.#rest = [];
    this.#restBytes = 0;
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    return whole;
  }

  end(): Buffer {
    return Buffer.concat(this.#rest);
  }

  #keep(piece: Buffer): void {
    this.#restBytes += piece.length;
    if (this.#restBytes > MAX_LINE_BYTES) throw new AnswerError('a line of the answer is too long');
    this.#rest.push(Buffer.from(piece));
  }
}

/** True for a series that a selector selects, with the meaning of `.` in Prometheus 3 or in Prometheus 2. */
export function seriesTest(allowed: readonly Selector[]): SeriesPredicate {
  const tests = allowed.flatMap((selector) => [compileSelector(selector), compileSelector(selector, false)]);
  return (name, labels) => tests.some((selects) => selects(name, labels));
}

function nameTest(allowed: readonly Selector[]): (name: string) => boolean {
  const names = allowed.map((selector) => selector.filter(({ label }) => label === NAME_LABEL));
  const isAllowed = seriesTest(names);
  return (name) => isAllowed(name, {});
}

const COMMENT = /^[ \t]*#(.*)$/gm;
const TYPE = /^ TYPE (?:"([^"\\]*)"|([a-zA-Z_:][a-zA-Z0-9_:]*)) untyped$/;

/** A federation writes one kind of comment; any other could carry anything. */
function checkComments(text: string, isAllowedName: (name: string) => boolean): void {
  if (!text.includes('#')) return;
  for (const [, comment = ''] of text.matchAll(COMMENT)) {
    const [, quoted, name = quoted] = TYPE.exec(comment) ?? [];
    if (name === undefined || !isAllowedName(name))
      throw new AnswerError('the answer holds a comment outside the policy');
  }
}

/** Writes samples with rewritten labels, and the head of each family before its first sample. */
function sampleRewriter(rewriting: LabelRewriting): (samples: readonly Sample[]) => string {
  const formatSeries = seriesFormat();
  let family: string | undefined;
  return (samples) => {
    let text = '';
    for (const { name, labels, value, timestampMs } of samples) {
      // A rounded time differs from the one that came, and a reader may refuse it.
      if (timestampMs !== undefined && !Number.isSafeInteger(timestampMs))
        throw new AnswerError('the answer has a time beyond the safe range');
      if (name !== family) text += familyHead({ name, help: '', type: 'untyped' });
      family = name;
      text += `${formatSeries(name, rewriteLabels(labels, rewriting))}${formatPoint(value, timestampMs)}\n`;
    }
    return text;
  };
}
