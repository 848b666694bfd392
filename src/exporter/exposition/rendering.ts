import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import type { Labels } from '../../prometheus/sample.ts';
import {
  expositionLines,
  type MetricFamily,
  type WrittenSample,
} from '../../prometheus/text-format/text-format-writer.ts';
import { textPieces } from '../../runtime/text-pieces.ts';
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
}

/** The last complete totals of each cloud and the exporter's own metrics, rendered once and compressed at most once. */
export class Rendering {
  readonly clouds: readonly ShownCloud[];
  /** The text in short pieces. */
  readonly text: readonly Buffer[];
  #gzipped: Promise<Buffer> | undefined;

  constructor(clouds: readonly ShownCloud[]) {
    const lines = expositionLines(mergeFamilies(clouds.map(familiesOf)));
    this.clouds = clouds;
    this.text = Array.from(textPieces(lines), (piece) => Buffer.from(piece));
  }

  async gzipped(): Promise<Buffer> {
    this.#gzipped ??= buffer(Readable.from(this.text).pipe(createGzip()));
    return await this.#gzipped;
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
