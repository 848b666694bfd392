import type { Labels } from '../../../../prometheus/sample.ts';
import { exporterKey } from './exporter-facts.ts';

/** The memory of a text beside its characters, estimated. */
const BYTES_OF_TEXT = 64;

/** Memory, estimated. */
export interface Size {
  bytes: number;
}

/** Keeps one copy of each text. A part of the body would keep the whole body in memory. */
export class Texts {
  readonly #known = new Map<string, string>();
  readonly #clean: (text: string) => string;
  readonly #size: Size;
  #last = '';

  constructor(clean: (text: string) => string, size: Size) {
    this.#clean = clean;
    this.#size = size;
  }

  own(text: string): string {
    if (text !== this.#last) this.#last = this.#known.get(text) ?? this.#copyOf(text);
    return this.#last;
  }

  #copyOf(text: string): string {
    const copy = Buffer.from(this.#clean(text)).toString();
    // Counts a text once, even if several texts are equal after cleaning.
    if (!this.#known.has(copy)) this.#size.bytes += BYTES_OF_TEXT + copy.length;
    this.#known.set(copy, copy);
    return copy;
  }
}

/** The keys of exporters. Most samples have the same exporter as the one before. */
export class ExporterKeys {
  readonly #keys: Texts;
  #labels: Labels | undefined;
  #key = '';

  constructor(size: Size) {
    this.#keys = new Texts((key) => key, size);
  }

  of(labels: Labels): string {
    const isSame =
      this.#labels !== undefined &&
      labels['cloud'] === this.#labels['cloud'] &&
      labels['instance'] === this.#labels['instance'];
    if (!isSame) this.#key = this.#keys.own(exporterKey(labels));
    this.#labels = labels;
    return this.#key;
  }
}
