import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeExposition } from '../prometheus/text-format-writer.ts';
import { usageFamilies, type Snapshot } from './exposition.ts';
import type { ServerResource } from './metering/amounts.ts';
import type { OwnMetrics } from './own-metrics.ts';

/** The exposition of one refresh, rendered once; the exporter's own figures are those of the moment. */
export interface Published {
  snapshot: Snapshot;
  text(): Buffer;
  gzipped(): Promise<Buffer>;
}

const compress = promisify(gzip);

export function publish(
  snapshot: Snapshot,
  resources: readonly ServerResource[],
  ownMetrics: OwnMetrics,
): Published {
  const usage = Buffer.from(writeExposition(usageFamilies(snapshot, resources)));
  let usageGzipped: Promise<Buffer> | undefined;
  const own = () => Buffer.from(writeExposition(ownMetrics.families()));
  return {
    snapshot,
    text: () => Buffer.concat([usage, own()]),
    // Members of gzip that follow one another are one stream.
    gzipped: async () => {
      usageGzipped ??= compress(usage);
      return Buffer.concat([await usageGzipped, await compress(own())]);
    },
  };
}
