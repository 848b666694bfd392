import type { Sample } from '../sample.ts';
import {
  BACKSLASH,
  BRACE_CLOSE,
  BRACE_OPEN,
  COMMA,
  EQUALS,
  HASH,
  isBlank,
  isNameCode,
  lineEnd,
  NEWLINE,
  QUOTE,
  shorten,
  unescape,
} from './text-format-characters.ts';
import { timestampIn, valueIn } from './text-format-number.ts';

/** A text that is not in the text format. The message names the line, counted from 1. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  readonly lineNumber: number;

  constructor(problem: string, lineNumber: number) {
    super(`line ${lineNumber}: ${problem}`);
    this.lineNumber = lineNumber;
  }
}

/** A real series has about a dozen labels. */
const MAX_LABELS = 1000;

const KEYWORD_LENGTH = 4;
const METRIC_TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

/**
 * Parses lines of the Prometheus text format 0.0.4 like Prometheus' own scraper, quoted names included. For speed it scans
 * character codes, and reuses the strings of the line before: most names and values are the same.
 */
export class LineParser {
  #text = '';
  #at = 0;
  #end = 0;
  #lineNumber = 0;
  #metricName = '';
  #isOpen = false;
  readonly #newlines: boolean;
  readonly #labelNames: string[] = [];
  /** The last value at each place in the list of labels, if it had no backslash and no newline. */
  readonly #labelValues: string[] = [];

  /** @param newlines whether a label value may hold newlines, as in Prometheus' scraper. The line then ends later. */
  constructor(newlines: boolean) {
    this.#newlines = newlines;
  }

  /** The end of the last line. */
  get end(): number {
    return this.#end;
  }

  /** True if the last line failed only because the text ends inside a label value. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * The sample in `text` from `start` to `end` (the newline's position), or undefined for a comment or a blank line.
   * Throws `ExpositionError`.
   */
  parse(text: string, start: number, end: number, lineNumber: number): Sample | undefined {
    this.#text = text;
    this.#at = start;
    this.#end = end;
    this.#lineNumber = lineNumber;
    this.#isOpen = false;
    const first = this.#skipBlanks();
    if (this.#at === end) return undefined;
    if (first !== HASH) return this.#sample();
    this.#checkComment();
    return undefined;
  }

  #sample(): Sample {
    let name = this.#plainMetricName();
    const labels: Record<string, string> = {};
    if (this.#skipBlanks() === BRACE_OPEN) name = this.#labelList(labels, name);
    if (name === undefined) this.#fail('a metric name is missing');
    const value = this.#value();
    const timestampMs = this.#timestamp();
    if (this.#at !== this.#end) this.#fail(`unexpected '${this.#excerpt()}' after the timestamp`);
    return { name, labels, value, timestampMs };
  }

  #plainMetricName(): string | undefined {
    const start = this.#at;
    let at = start;
    while (at < this.#end && isNameCode(this.#text.charCodeAt(at), at > start, true)) at++;
    if (at === start) return undefined;
    this.#at = at;
    const known = this.#metricName;
    if (known.length !== at - start || !this.#text.startsWith(known, start))
      this.#metricName = this.#text.slice(start, at);
    return this.#metricName;
  }

  /** Fills `labels` and returns the metric name, which may be in the list as a quoted string without a value. */
  #labelList(labels: Record<string, string>, plainName: string | undefined): string | undefined {
    let metricName = plainName;
    this.#at++;
    for (let index = 0; this.#skipBlanks() !== BRACE_CLOSE; index++) {
      const quoted = this.#text.charCodeAt(this.#at) === QUOTE;
      const name = this.#labelName(index);
      const valued = this.#skipBlanks() === EQUALS;
      if (valued) this.#labelValue(labels, name, index);
      else if (quoted && metricName === undefined) metricName = name;
      else this.#fail(`expected '=' after the label name '${name}'`);
      if (index >= MAX_LABELS) this.#fail(`more than ${MAX_LABELS} labels`);
      const next = this.#skipBlanks();
      if (next === COMMA) this.#at++;
      // Prometheus does not require a comma after a value.
      else if (next !== BRACE_CLOSE && !valued) this.#fail(`expected ',' or '}' at '${this.#excerpt()}'`);
    }
    this.#at++;
    return metricName;
  }

  #labelName(index: number): string {
    const start = this.#at;
    if (this.#text.charCodeAt(start) === QUOTE) return this.#quoted() || this.#fail('a name is empty');
    let at = start;
    while (at < this.#end && isNameCode(this.#text.charCodeAt(at), at > start, false)) at++;
    if (at === start) this.#fail(`expected a label name at '${this.#excerpt()}'`);
    this.#at = at;
    const known = this.#labelNames[index];
    if (known?.length === at - start && this.#text.startsWith(known, start)) return known;
    const name = this.#text.slice(start, at);
    this.#labelNames[index] = name;
    return name;
  }

  #labelValue(labels: Record<string, string>, name: string, index: number): void {
    this.#at++;
    if (this.#skipBlanks() !== QUOTE) this.#fail(`the value of the label '${name}' is not in quotes`);
    if (Object.hasOwn(labels, name)) this.#fail(`the label '${name}' appears twice`);
    if (name === '__name__') this.#fail(`'__name__' cannot be a label here`);
    const value = this.#valueBefore(index) ?? this.#newValue(index);
    if (name === '__proto__')
      Object.defineProperty(labels, name, { value, enumerable: true, writable: true });
    else labels[name] = value;
  }

  /** The value at the same place of the line before, if this line repeats it. */
  #valueBefore(index: number): string | undefined {
    const known = this.#labelValues[index];
    if (known === undefined) return undefined;
    const end = this.#at + 1 + known.length;
    if (this.#text.charCodeAt(end) !== QUOTE || !this.#text.startsWith(known, this.#at + 1)) return undefined;
    this.#at = end + 1;
    return known;
  }

  #newValue(index: number): string {
    const [start, end] = [this.#at, this.#end];
    const value = this.#quoted(this.#newlines);
    if (value.length === this.#at - start - 2 && this.#end === end) this.#labelValues[index] = value;
    return value;
  }

  /** Reads a string in double quotes. If the string holds newlines, it moves the end of the line after them. */
  #quoted(newlines = false): string {
    const start = this.#at + 1;
    const limit = newlines ? this.#text.length : this.#end;
    let escaped = false;
    for (let at = start; at < limit; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === BACKSLASH) {
        escaped = true;
        at++;
        // Prometheus allows no newline after a backslash. The end of the text is one too: texts are cut at newlines.
        if (at >= this.#end && (at >= limit || this.#text.charCodeAt(at) === NEWLINE))
          this.#fail('a quote is not closed');
      } else if (code === QUOTE) {
        this.#at = at + 1;
        if (at > this.#end) this.#end = lineEnd(this.#text, at);
        const raw = this.#text.slice(start, at);
        return escaped ? unescape(raw) : raw;
      }
    }
    this.#isOpen = newlines;
    return this.#fail('a quote is not closed');
  }

  #value(): number {
    if (this.#skipBlanks() === BRACE_OPEN) this.#fail(`a value is missing at '${this.#excerpt()}'`);
    const text = this.#word();
    const value = valueIn(text);
    return typeof value === 'number' ? value : this.#fail(value);
  }

  #timestamp(): number | undefined {
    this.#skipBlanks();
    if (this.#at === this.#end) return undefined;
    const timestampMs = timestampIn(this.#word());
    if (typeof timestampMs === 'string') this.#fail(timestampMs);
    this.#skipBlanks();
    return timestampMs;
  }

  #word(): string {
    const start = this.#at;
    let at = start;
    while (at < this.#end && !isBlank(this.#text.charCodeAt(at))) at++;
    this.#at = at;
    return this.#text.slice(start, at);
  }

  /** HELP and TYPE need a metric name, and TYPE a type. Any other comment may say anything. */
  #checkComment(): void {
    this.#at++;
    if (!isBlank(this.#text.charCodeAt(this.#at))) return;
    this.#skipBlanks();
    const keyword = this.#text.slice(this.#at, this.#at + KEYWORD_LENGTH);
    this.#at += keyword.length;
    if ((keyword !== 'HELP' && keyword !== 'TYPE') || !isBlank(this.#text.charCodeAt(this.#at))) return;
    const name = this.#skipBlanks() === QUOTE ? this.#quoted() : this.#plainMetricName();
    if (name === undefined) this.#fail(`${keyword} has no metric name`);
    if (keyword === 'HELP') return;
    const type = this.#text.slice(this.#at, this.#end).trim();
    if (!METRIC_TYPES.has(type)) this.#fail(`'${shorten(type)}' is not a metric type`);
  }

  /** Skips blanks and returns the code of the character after them. */
  #skipBlanks(): number {
    while (this.#at < this.#end) {
      const code = this.#text.charCodeAt(this.#at);
      if (!isBlank(code)) return code;
      this.#at++;
    }
    return NEWLINE;
  }

  #excerpt(): string {
    return shorten(this.#text.slice(this.#at, this.#end));
  }

  #fail(problem: string): never {
    throw new ExpositionError(problem, this.#lineNumber);
  }
}
