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

/** A text that is not in the text format; the message names the line, counted from 1. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  readonly lineNumber: number;

  constructor(problem: string, lineNumber: number) {
    super(`line ${lineNumber}: ${problem}`);
    this.lineNumber = lineNumber;
  }
}

/** A series has a dozen labels; what has more than this is none. */
const MAX_LABELS = 1000;

const KEYWORD_LENGTH = 4;
const METRIC_TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

/**
 * Parses lines of the Prometheus text format 0.0.4 as Prometheus' own scraper does, quoted names included.
 * It scans character codes, and takes names and values over from the line before where they are the same: most are.
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
  /** By place in the list; without what would need a backslash. */
  readonly #labelValues: string[] = [];

  /** @param newlines true where a label value may hold newlines, as at Prometheus' scraper: its line goes on behind them. */
  constructor(newlines: boolean) {
    this.#newlines = newlines;
  }

  /** Where the last line ended. */
  get end(): number {
    return this.#end;
  }

  /** True where the last line failed only because the text ends within a label value. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * The sample in `text` from `start` to `end` (where the newline is), or undefined for a comment or a blank line.
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
    if (this.#at !== this.#end) this.#fail(`nothing may follow the timestamp, but '${this.#excerpt()}' does`);
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

  /** Fills `labels`; returns the metric name, which may stand in the list as a quoted string without a value. */
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
      // Prometheus needs no comma behind a value.
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
    if (Object.hasOwn(labels, name)) this.#fail(`the label '${name}' stands there twice`);
    if (name === '__name__') this.#fail(`'__name__' cannot be a label here`);
    const value = this.#valueBefore(index) ?? this.#newValue(index);
    if (name === '__proto__')
      Object.defineProperty(labels, name, { value, enumerable: true, writable: true });
    else labels[name] = value;
  }

  /** The value that stood in the same place of the line before, where it stands here again. */
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

  /** A string in double quotes, from its opening quote on. Where it holds newlines, the line ends behind them. */
  #quoted(newlines = false): string {
    const start = this.#at + 1;
    const limit = newlines ? this.#text.length : this.#end;
    let escaped = false;
    for (let at = start; at < limit; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === BACKSLASH) {
        escaped = true;
        at++;
        // Prometheus takes no newline behind a backslash. One stands at the end of the text too: texts are cut there.
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

  /** HELP and TYPE must name a metric, and TYPE a type; any other comment is free. */
  #checkComment(): void {
    this.#at++;
    if (!isBlank(this.#text.charCodeAt(this.#at))) return;
    this.#skipBlanks();
    const keyword = this.#text.slice(this.#at, this.#at + KEYWORD_LENGTH);
    this.#at += keyword.length;
    if ((keyword !== 'HELP' && keyword !== 'TYPE') || !isBlank(this.#text.charCodeAt(this.#at))) return;
    const name = this.#skipBlanks() === QUOTE ? this.#quoted() : this.#plainMetricName();
    if (name === undefined) this.#fail(`${keyword} names no metric`);
    if (keyword === 'HELP') return;
    const type = this.#text.slice(this.#at, this.#end).trim();
    if (!METRIC_TYPES.has(type)) this.#fail(`'${shorten(type)}' is not a metric type`);
  }

  /** Skips blanks; returns the code of the character after them. */
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
