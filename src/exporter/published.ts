import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeExposition } from '../prometheus/text-format-writer.ts';
import { usageFamilies, type Snapshot } from './exposition.ts';
import type { OwnMetrics } from './own-metrics.ts';
import type { ResourceName } from './resources.ts';

/** An exposition, rendered once and compressed at most once. */
export interface Published {
  snapshot: Snapshot;
  text: Buffer;
  gzipped(): Promise<Buffer>;
}

const compress = promisify(gzip);

/** Renders the last complete totals, and what the exporter says about its own work by now. */
export function publish(
  snapshot: Snapshot,
  resources: readonly ResourceName[],
  ownMetrics: OwnMetrics,
): Published {
  const text = Buffer.from(
    writeExposition([...usageFamilies(snapshot, resources), ...ownMetrics.families()]),
  );
  let gzipped: Promise<Buffer> | undefined;
  return {
    snapshot,
    text,
    gzipped: async () => {
      gzipped ??= compress(text);
      return await gzipped;
    },
  };
}
