import type { Sample } from '../sample.ts';
import { BACKSLASH, lineEnd, NEWLINE, QUOTE } from './text-format-characters.ts';
import { ExpositionError, LineParser } from './text-format-line.ts';

export { ExpositionError } from './text-format-line.ts';

/** In characters. Longer lines are refused, so that a text without newlines cannot fill the memory. */
const MAX_LINE_LENGTH = 1_048_576;

/**
 * Parses the Prometheus text format 0.0.4 from chunks that may be cut anywhere. Throws `ExpositionError`, after which the
 * parser must not be used again.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/, and Prometheus' scraper for what that page omits.
 */
export class ExpositionParser {
  readonly #line: LineParser;
  #rest = '';
  #lineNumber = 0;
  /** Set while `#rest` ends inside a label value: finds the end of that line in a chunk. */
  #endOfOpen: ((chunk: string) => number) | undefined;

  /** @param newlines whether a label value may hold newlines. If not, `push` completes a line at each newline. */
  constructor({ newlines = true } = {}) {
    this.#line = new LineParser(newlines);
  }

  /** The samples of the lines that `chunk` completes. */
  push(chunk: string): Sample[] {
    const last = chunk.lastIndexOf('\n');
    if (this.#endOfOpen?.(chunk) === -1 || last === -1) {
      this.#keep(this.#rest + chunk);
      return [];
    }
    const text = this.#rest + chunk.slice(0, last);
    this.#endOfOpen = undefined;
    this.#keep(chunk.slice(last + 1));
    const samples: Sample[] = [];
    const open = this.#parseLines(text, samples);
    if (open !== undefined) {
      this.#endOfOpen = endOfOpenLine();
      this.#endOfOpen(this.#rest);
      this.#keep(`${open}\n${this.#rest}`);
    }
    return samples;
  }

  /** Counts lines that something else has read, for the line numbers in messages. */
  skipLines(count: number): void {
    this.#lineNumber += count;
  }

  /** The sample of the last line if it has no newline. */
  end(): Sample[] {
    const samples: Sample[] = [];
    if (this.#rest === '') return samples;
    if (this.#parseLines(this.#rest, samples) !== undefined)
      throw new ExpositionError('a quote is not closed', this.#lineNumber + 1);
    this.#rest = '';
    return samples;
  }

  #keep(rest: string): void {
    if (rest.length > MAX_LINE_LENGTH)
      throw new ExpositionError(`longer than ${MAX_LINE_LENGTH} characters`, this.#lineNumber + 1);
    this.#rest = rest;
  }

  /** Adds the samples of whole lines. Returns the last line if the text ends inside a label value of it. */
  #parseLines(text: string, samples: Sample[]): string | undefined {
    for (let start = 0; start <= text.length; start = this.#line.end + 1) {
      const end = lineEnd(text, start);
      try {
        const sample = this.#line.parse(text, start, end, this.#lineNumber + 1);
        if (sample !== undefined) samples.push(sample);
      } catch (error) {
        if (this.#line.isOpen) return text.slice(start);
        throw error;
      }
      this.#lineNumber += 1;
      if (this.#line.end > end) this.#lineNumber += text.slice(end, this.#line.end).split('\n').length - 1;
    }
    return undefined;
  }
}

/** Finds the end of a line that starts inside a label value, chunk by chunk, with one look at each character. */
function endOfOpenLine(): (chunk: string) => number {
  let [quoted, escaped] = [true, false];
  return (chunk) => {
    for (let at = 0; at < chunk.length; at++) {
      const code = chunk.charCodeAt(at);
      // The parser allows no newline after a backslash.
      if (code === NEWLINE && (escaped || !quoted)) return at;
      if (code === QUOTE && !escaped) quoted = !quoted;
      escaped = code === BACKSLASH && !escaped;
    }
    return -1;
  };
}

/** The samples of a whole text. Throws `ExpositionError`. */
export function parseExposition(text: string): Sample[] {
  const parser = new ExpositionParser();
  return parser.push(text).concat(parser.end());
}
