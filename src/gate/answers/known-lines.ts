import { isUtf8 } from 'node:buffer';
import { remembered } from '../../prometheus/remembered.ts';
import type { Labels, Sample } from '../../prometheus/sample.ts';
import type { SeriesPredicate } from '../../prometheus/selectors/selector-matching.ts';
import { LineShape, viewOf } from '../../prometheus/text-format/line-shape.ts';

const NEWLINE = 0x0a;
/** An answer has about one shape for each metric, and comes sorted by metric. */
const MAX_SHAPES = 16;
/** An answer with more shapes than this has new ones in each line: it is not worth it to learn them. */
const MAX_LEARNED = 512;
const REMEMBERED_BYTES = 262_144;

/** A shape, and its labels on which the policy has conditions. */
interface KnownShape {
  shape: LineShape;
  mentioned: readonly number[];
  /** The name and the mentioned labels, for the key of a decision. */
  head: string;
}

export interface LineRules {
  /** The labels on which `isAllowed` depends, beside the metric name. */
  mentioned: ReadonlySet<string>;
  isAllowed: SeriesPredicate;
  /** Reads a line, newline included. Throws if it may not leave the site. */
  examine: (line: string) => Sample | undefined;
}

/**
 * Recognises by their bytes lines that are like earlier ones: the same names, and values of labels without anything unusual.
 * Any other line is examined as text.
 */
export class KnownLines {
  readonly #rules: LineRules;
  readonly #isAllowed: (key: string) => boolean;
  #known: readonly KnownShape[] = [];
  #latest: KnownShape | undefined;
  #learned = 0;

  constructor(rules: LineRules) {
    this.#rules = rules;
    this.#isAllowed = remembered((key) => rules.isAllowed(...seriesOfKey(key)), REMEMBERED_BYTES);
  }

  /** The number of lines if all may leave the site; undefined if one may not. `bytes` are whole lines. */
  countAllowed(bytes: Buffer): number | undefined {
    const lines = isUtf8(bytes) ? this.#countAllowed(bytes) : undefined;
    if (lines === undefined) this.#forget();
    for (const { shape } of this.#known) shape.keep();
    return lines;
  }

  #countAllowed(bytes: Buffer): number | undefined {
    const view = viewOf(bytes);
    let lines = 0;
    for (let at = 0; at < bytes.length; lines++) {
      const next = this.#allowedEnd(bytes, view, at);
      if (next === -1) return undefined;
      at = next;
    }
    return lines;
  }

  /** A shape knows that its last line was allowed. After a line that may not leave, this is no longer true. */
  #forget(): void {
    this.#known = [];
    this.#latest = undefined;
  }

  /** The position after the line at `start`, or -1 if the line may not leave the site. */
  #allowedEnd(bytes: Buffer, view: DataView, start: number): number {
    const latest = this.#latest;
    const end = latest?.shape.match(bytes, view, start) ?? -1;
    if (end !== -1) return this.#isAllowedLine(latest as KnownShape, bytes, start) ? end : -1;
    for (const known of this.#known) {
      const matched = known === latest ? -1 : known.shape.match(bytes, view, start);
      if (matched === -1) continue;
      this.#latest = known;
      return this.#isAllowedLine(known, bytes, start) ? matched : -1;
    }
    return this.#examine(bytes, view, start);
  }

  #isAllowedLine({ shape, mentioned, head }: KnownShape, bytes: Buffer, start: number): boolean {
    const last = mentioned.at(-1);
    // The line before was allowed, and what the policy mentions is the same.
    if (last === undefined || shape.unchanged > last) return true;
    let key = head;
    for (const index of mentioned) key += `"${shape.value(bytes, start, index)}`;
    return this.#isAllowed(key);
  }

  #examine(bytes: Buffer, view: DataView, start: number): number {
    const end = bytes.indexOf(NEWLINE, start) + 1;
    try {
      const sample = this.#rules.examine(bytes.toString('utf8', start, end));
      if (sample !== undefined) this.#learn(sample, bytes, view, start);
    } catch {
      return -1;
    }
    return end;
  }

  #learn(sample: Sample, bytes: Buffer, view: DataView, start: number): void {
    if (this.#learned === MAX_LEARNED) return;
    this.#learned++;
    const shape = LineShape.of(sample);
    if (shape === undefined || shape.match(bytes, view, start) === -1) return;
    const { name, labelNames } = shape;
    const mentioned = [...labelNames.keys()].filter((index) =>
      this.#rules.mentioned.has(labelNames[index] ?? ''),
    );
    const head = `${name}{${mentioned.map((index) => labelNames[index]).join(',')}`;
    this.#latest = { shape, mentioned, head };
    this.#known = [this.#latest, ...this.#known.slice(0, MAX_SHAPES - 1)];
  }
}

/** The name and the mentioned labels: plain names and values without quotes have only one key. */
function seriesOfKey(key: string): [name: string, labels: Labels] {
  const [head = '', ...values] = key.split('"');
  const [name = '', list = ''] = head.split('{');
  const labels = list === '' ? [] : list.split(',');
  return [name, Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']))];
}
