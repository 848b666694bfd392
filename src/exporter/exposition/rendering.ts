import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Labels } from '../../prometheus/sample.ts';
import {
  expositionLines,
  type MetricFamily,
  type WrittenSample,
} from '../../prometheus/text-format/text-format-writer.ts';
import { textPieces } from '../../runtime/text-pieces.ts';
import type { SignInFacts } from './sign-in-facts.ts';
import { usageFamilies, type Snapshot } from './exposition.ts';
import type { OwnMetrics } from './own-metrics.ts';
import type { ResourceName } from '../settings/resources.ts';

/** The figures of one cloud, as the exporter shows them. */
export interface ShownCloud {
  /** The value of the label `cloud`; undefined where the exporter has one cloud only. */
  cloud: string | undefined;
  /** The last complete totals; undefined before the first complete refresh. */
  snapshot: Snapshot | undefined;
  resources: readonly ResourceName[];
  /** Whether server hours are shown (rule S6). */
  serverHours?: boolean;
  metrics: OwnMetrics;
  /** Undefined before the first sign-in. */
  signIn?: SignInFacts | undefined;
}

/** Deflate, no optional fields, no time, and an unknown system. Source: RFC 1952, section 2.3. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty last block of deflate. */
const LAST_BLOCK = Buffer.from([3, 0]);
/** zlib takes a quarter of a megabyte of memory for each piece, so many short ones cost more than their compression. */
const PIECE_LENGTH = 1_048_576;
const TO_BYTE = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH };

/**
 * The last complete totals of each cloud and the exporter's own metrics, rendered once. Only compressed pieces stay in
 * memory, since Prometheus asks for gzip: the text of a large cloud is ten times as large, and old ones live for a while.
 */
export class Rendering {
  /** Each piece ends on a byte and needs no other one, so that they can be unpacked one by one. */
  readonly #pieces: Buffer[] = [];
  readonly #trailer = Buffer.alloc(8);

  constructor(clouds: readonly ShownCloud[]) {
    let [crc, bytes] = [0, 0];
    const lines = expositionLines(mergeFamilies(clouds.map(familiesOf)));
    for (const piece of textPieces(lines, PIECE_LENGTH)) {
      const text = Buffer.from(piece);
      crc = crc32(text, crc);
      bytes += text.length;
      this.#pieces.push(deflateRawSync(text, TO_BYTE));
    }
    this.#trailer.writeUInt32LE(crc, 0);
    this.#trailer.writeUInt32LE(bytes % 2 ** 32, 4);
  }

  /** The text in short pieces. */
  text(): Buffer[] {
    return this.#pieces.map((piece) => inflateRawSync(piece, TO_BYTE));
  }

  gzipped(): readonly Buffer[] {
    return [GZIP_HEADER, ...this.#pieces, LAST_BLOCK, this.#trailer];
  }
}

function familiesOf({ cloud, snapshot, resources, serverHours, metrics }: ShownCloud): MetricFamily[] {
  const shown = snapshot === undefined ? [] : usageFamilies(snapshot, resources, serverHours);
  const families = [...shown, ...metrics.families()];
  return cloud === undefined ? families : families.map((family) => labelled(family, cloud));
}

function labelled(family: MetricFamily, cloud: string): MetricFamily {
  return { ...family, samples: labelledSamples(family.samples, cloud) };
}

function* labelledSamples(samples: Iterable<WrittenSample>, cloud: string): Generator<WrittenSample> {
  const byLabels = new Map<Labels | undefined, Labels>([[undefined, { cloud }]]);
  for (const one of samples) {
    const moreLabels = byLabels.get(one.moreLabels) ?? { ...one.moreLabels, cloud };
    byLabels.set(one.moreLabels, moreLabels);
    yield { ...one, moreLabels };
  }
}

/** Joins the samples of all clouds by family, because the text format has each family once. Yields samples one by one. */
function mergeFamilies(byCloud: readonly (readonly MetricFamily[])[]): MetricFamily[] {
  const merged = new Map<string, { family: MetricFamily; parts: Iterable<WrittenSample>[] }>();
  for (const family of byCloud.flat()) {
    const parts = [...(merged.get(family.name)?.parts ?? []), family.samples];
    merged.set(family.name, { family, parts });
  }
  return Array.from(merged.values(), ({ family, parts }) => ({ ...family, samples: inTurn(parts) }));
}

function* inTurn(parts: readonly Iterable<WrittenSample>[]): Generator<WrittenSample> {
  for (const samples of parts) yield* samples;
}
