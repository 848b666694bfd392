import type { Sample } from '../../prometheus/sample.ts';
import type { SeriesPredicate } from '../../prometheus/selectors/selector-matching.ts';
import { LineParser } from '../../prometheus/text-format/text-format-line.ts';
import { ExpositionParser } from '../../prometheus/text-format/text-format-parser.ts';
import { familyHead, formatPoint, seriesFormat } from '../../prometheus/text-format/text-format-writer.ts';
import type { Selector } from '../policy.ts';
import { nameTest, seriesTest } from './allowed-series.ts';
import { AnswerError } from './answer-error.ts';
import { type LabelRewriting, rewriteLabels } from './label-rewriting.ts';

/** The series that an answer may hold, and how their labels are rewritten. */
export interface AnswerRules {
  allowed: readonly Selector[];
  rewriting?: LabelRewriting | undefined;
}

/**
 * Examines an answer as text, with the parser of the whole text format. Throws an `AnswerError` for a series that no allowed
 * selector selects, and other errors for a text that is not in the format.
 */
export class TextExaminer {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // Prometheus' federation escapes newlines. A line that went on behind one would pass before it was examined.
  readonly #parser = new ExpositionParser({ newlines: false });
  readonly #line = new LineParser(false);
  readonly #isAllowed: SeriesPredicate;
  readonly #isAllowedName: (name: string) => boolean;
  readonly #rewrite: ((samples: readonly Sample[]) => string) | undefined;

  constructor({ allowed, rewriting }: AnswerRules) {
    this.#isAllowed = seriesTest(allowed);
    this.#isAllowedName = nameTest(allowed);
    this.#rewrite = rewriting && sampleRewriter(rewriting);
  }

  /** What may leave of whole lines. The very last line of an answer needs no newline. */
  examine(bytes: Buffer): string | Buffer {
    const text = this.#decoder.decode(bytes);
    const samples = this.#parser.push(text.endsWith('\n') || text === '' ? text : `${text}\n`);
    for (const sample of samples) this.#check(sample);
    if (this.#rewrite) return this.#rewrite(samples);
    checkComments(text, this.#isAllowedName);
    return bytes;
  }

  /** Examines one line by itself, newline included, and does not count it. The line number in an error is 1. */
  examineLine(line: string): Sample | undefined {
    const sample = this.#line.parse(line, 0, line.length - 1, 1);
    if (sample) this.#check(sample);
    checkComments(line, this.#isAllowedName);
    return sample;
  }

  /** Counts lines that were not examined here, for the line numbers in errors. */
  skipLines(count: number): void {
    this.#parser.skipLines(count);
  }

  #check({ name, labels }: Sample): void {
    if (!this.#isAllowed(name, labels)) throw new AnswerError('the answer holds a series outside the policy');
  }
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
