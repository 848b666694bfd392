import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { expositionLines, type MetricFamily } from '../../prometheus/text-format/text-format-writer.ts';
import { textPieces } from '../../runtime/text-pieces.ts';
import { usageFamilies, type Snapshot } from './exposition.ts';
import type { OwnMetrics } from './own-metrics.ts';
import type { ResourceName } from '../settings/resources.ts';

/** What is shown of one cloud. */
export interface ShownCloud {
  /** The label that its series carry, where an exporter has several clouds. */
  cloud: string | undefined;
  /** Its last complete totals; undefined before there are any. */
  snapshot: Snapshot | undefined;
  resources: readonly ResourceName[];
  metrics: OwnMetrics;
}

/** An exposition, rendered once and compressed at most once. */
export interface Published {
  clouds: readonly ShownCloud[];
  /** In pieces, of which each is short. */
  text: readonly Buffer[];
  gzipped(): Promise<Buffer>;
}

/** Renders the last complete totals of each cloud, and what the exporter says about its own work by now. */
export function publish(clouds: readonly ShownCloud[]): Published {
  const lines = expositionLines(mergeFamilies(clouds.map(familiesOf)));
  const text = Array.from(textPieces(lines), (piece) => Buffer.from(piece));
  let gzipped: Promise<Buffer> | undefined;
  return {
    clouds,
    text,
    gzipped: async () => {
      gzipped ??= buffer(Readable.from(text).pipe(createGzip()));
      return await gzipped;
    },
  };
}

function familiesOf({ cloud, snapshot, resources, metrics }: ShownCloud): MetricFamily[] {
  const shown = snapshot === undefined ? [] : usageFamilies(snapshot, resources);
  const families = [...shown, ...metrics.families()];
  return cloud === undefined ? families : families.map((family) => labelled(family, cloud));
}

function labelled(family: MetricFamily, cloud: string): MetricFamily {
  const samples = [...family.samples].map((one) => ({ ...one, labels: { ...one.labels, cloud } }));
  return { ...family, samples };
}

/** A family stands in the text once: its samples of all clouds follow one another. */
function mergeFamilies(byCloud: readonly (readonly MetricFamily[])[]): Iterable<MetricFamily> {
  if (byCloud.length === 1) return byCloud[0] ?? [];
  const merged = new Map<string, MetricFamily>();
  for (const family of byCloud.flat()) {
    const samples = [...(merged.get(family.name)?.samples ?? []), ...family.samples];
    merged.set(family.name, { ...family, samples });
  }
  return merged.values();
}
