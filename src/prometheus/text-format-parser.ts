import type { Sample } from './sample.ts';
import { ExpositionError, LineParser } from './text-format-line.ts';

export { ExpositionError } from './text-format-line.ts';

/** Longer lines are refused, so that a text without newlines can't fill the memory. */
const MAX_LINE_LENGTH = 1_048_576;

/**
 * Parses the Prometheus text format 0.0.4 from chunks that may be cut anywhere.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/, and Prometheus' scraper where that is silent.
 * Once it has thrown an `ExpositionError` it must not be used again.
 */
export class ExpositionParser {
  readonly #line = new LineParser();
  #rest = '';
  #lineNumber = 0;

  /** The samples of the lines that `chunk` completes. */
  push(chunk: string): Sample[] {
    const last = chunk.lastIndexOf('\n');
    if (last === -1) {
      this.#keep(this.#rest + chunk);
      return [];
    }
    const text = this.#rest + chunk.slice(0, last);
    this.#keep(chunk.slice(last + 1));
    return this.#parseLines(text);
  }

  /** The sample of a last line that has no newline. */
  end(): Sample[] {
    const text = this.#rest;
    this.#rest = '';
    return text === '' ? [] : this.#parseLines(text);
  }

  #keep(rest: string): void {
    if (rest.length > MAX_LINE_LENGTH)
      throw new ExpositionError(`longer than ${MAX_LINE_LENGTH} characters`, this.#lineNumber + 1);
    this.#rest = rest;
  }

  #parseLines(text: string): Sample[] {
    const samples: Sample[] = [];
    for (let start = 0; start <= text.length;) {
      const newline = text.indexOf('\n', start);
      const end = newline === -1 ? text.length : newline;
      const sample = this.#line.parse(text, start, end, ++this.#lineNumber);
      if (sample !== undefined) samples.push(sample);
      start = end + 1;
    }
    return samples;
  }
}

/** Parses a whole text; throws `ExpositionError`. */
export function parseExposition(text: string): Sample[] {
  const parser = new ExpositionParser();
  return parser.push(text).concat(parser.end());
}
