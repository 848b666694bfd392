import { Transform } from 'node:stream';
import type { Sample } from '../../prometheus/sample.ts';
import { compileSelector, type SeriesPredicate } from '../../prometheus/selectors/selector-matching.ts';
import { NAME_LABEL } from '../../prometheus/selectors/selectors.ts';
import { ExpositionParser } from '../../prometheus/text-format/text-format-parser.ts';
import {
  createSeriesFormat,
  familyHead,
  formatPoint,
} from '../../prometheus/text-format/text-format-writer.ts';
import { type LabelRewriting, rewriteLabels } from './label-rewriting.ts';
import type { Selector } from '../policy.ts';

/** What an answer must keep to, and what becomes of it. */
export interface AnswerRules {
  allowed: readonly Selector[];
  rewriting?: LabelRewriting | undefined;
}

/** An answer that holds what must not leave the site, or what can't be read. Its message shows no names. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 1_048_576;

/** Looks at an answer as it comes; both give what may leave, and throw `AnswerError`. */
export interface AnswerExaminer {
  /** What is given back may lie in the memory of `bytes`; nothing of it is needed later. */
  push(bytes: Buffer): string | Buffer;
  end(): string | Buffer;
}

/**
 * The defence behind the policy: reads the text format as it streams, and ends with an `AnswerError` at the first sample that
 * no allowed selector selects. Lines pass as they are, unless labels are to be rewritten.
 */
export function createAnswerExaminer(rules: AnswerRules): AnswerExaminer {
  const lines = completeLines();
  const examine = createExaminer(rules);
  return {
    push: (bytes) => understood(() => examine(lines.push(bytes))),
    end: () => understood(() => examine(lines.end())),
  };
}

/** The same as a stream. */
export function createAnswerFilter(rules: AnswerRules): Transform {
  const examiner = createAnswerExaminer(rules);
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

/** Cuts bytes into whole lines, whatever the chunks. */
function completeLines() {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const keep = (piece: Buffer) => {
    restBytes += piece.length;
    if (restBytes > MAX_LINE_BYTES) throw new AnswerError('a line of the answer is too long');
    rest.push(Buffer.from(piece));
  };
  return {
    push: (chunk: Buffer): Buffer => {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        keep(chunk);
        return Buffer.alloc(0);
      }
      const whole =
        rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...rest, chunk.subarray(0, end)]);
      rest = [];
      restBytes = 0;
      if (end < chunk.length) keep(chunk.subarray(end));
      return whole;
    },
    end: (): Buffer => Buffer.concat(rest),
  };
}

function createExaminer({ allowed, rewriting }: AnswerRules): (bytes: Buffer) => string | Buffer {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // Prometheus' federation escapes newlines. A line that went on behind one would pass before it was looked at.
  const parser = new ExpositionParser({ newlines: false });
  const isWithin = createSeriesTest(allowed);
  const isName = createNameTest(allowed);
  const rewrite = rewriting && createRewriter(rewriting);
  return (bytes) => {
    const text = decoder.decode(bytes);
    const samples = parser.push(text.endsWith('\n') || text === '' ? text : `${text}\n`);
    for (const { name, labels } of samples)
      if (!isWithin(name, labels)) throw new AnswerError('the answer holds a series outside the policy');
    if (rewrite) return rewrite(samples);
    checkComments(text, isName);
    return bytes;
  };
}

/** By the meaning that `.` has in Prometheus 3, or in 2. */
export function createSeriesTest(allowed: readonly Selector[]): SeriesPredicate {
  const tests = allowed.flatMap((selector) => [compileSelector(selector), compileSelector(selector, false)]);
  return (name, labels) => tests.some((selects) => selects(name, labels));
}

function createNameTest(allowed: readonly Selector[]): (name: string) => boolean {
  const names = allowed.map((selector) => selector.filter(({ label }) => label === NAME_LABEL));
  const isWithin = createSeriesTest(names);
  return (name) => isWithin(name, {});
}

const COMMENT = /^[ \t]*#(.*)$/gm;
const TYPE = /^ TYPE (?:"([^"\\]*)"|([a-zA-Z_:][a-zA-Z0-9_:]*)) untyped$/;

/** Federation writes one kind of comment; another could carry anything. */
function checkComments(text: string, isName: (name: string) => boolean): void {
  if (!text.includes('#')) return;
  for (const [, comment = ''] of text.matchAll(COMMENT)) {
    const [, quoted, name = quoted] = TYPE.exec(comment) ?? [];
    if (name === undefined || !isName(name))
      throw new AnswerError('the answer holds a comment outside the policy');
  }
}

/** Writes samples anew, with the head of a family before its first. */
function createRewriter(rewriting: LabelRewriting): (samples: readonly Sample[]) => string {
  const formatSeries = createSeriesFormat();
  let family: string | undefined;
  return (samples) => {
    let text = '';
    for (const { name, labels, value, timestampMs } of samples) {
      // A time that is rounded is no longer the one that came, and may be none that a reader takes.
      if (timestampMs !== undefined && !Number.isSafeInteger(timestampMs))
        throw new AnswerError('the answer holds a time beyond all others');
      if (name !== family) text += familyHead({ name, help: '', type: 'untyped' });
      family = name;
      text += `${formatSeries(name, rewriteLabels(labels, rewriting))}${formatPoint(value, timestampMs)}\n`;
    }
    return text;
  };
}
