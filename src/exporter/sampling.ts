import type { Logger } from '../runtime/logger.ts';
import type { View } from './metered-cloud.ts';
import { foldSample, type Holding, type SampledState } from './metering/sampled.ts';
import { readVolumes } from './openstack/cinder-volumes.ts';
import { readFloatingIps } from './openstack/neutron-floating-ips.ts';
import { readFailure } from './openstack/service-error.ts';
import { readStoredBytes } from './openstack/swift-accounts.ts';
import type { OwnMetrics } from './own-metrics.ts';
import { volumeTypeResource, type SampledResource } from './resources.ts';

export interface SamplingOptions {
  resources: readonly SampledResource[];
  logger: Logger;
  metrics: OwnMetrics;
}

interface SampleInput {
  views: readonly View[];
  /** What is there now counts up to here. */
  untilMs: number;
}

/** The states by resource after a sample of each; one whose service fails stays as it was, and is made up for later. */
export type Sampler = (
  before: ReadonlyMap<string, SampledState>,
  input: SampleInput,
) => Promise<ReadonlyMap<string, SampledState>>;

const GIB = 2 ** 30;

const READERS: Record<SampledResource, (view: View) => Promise<Holding[]>> = {
  volume_gb: async ({ session, allProjects }) => {
    const volumes = await readVolumes(session, { allProjects });
    return volumes.flatMap(({ projectId, sizeGb: amount, createdMs: sinceMs, volumeType }) => [
      { resource: 'volume_gb', projectId, amount, sinceMs },
      { resource: volumeTypeResource(volumeType), projectId, amount, sinceMs },
    ]);
  },
  floating_ip: async ({ session, allProjects }) => {
    const ips = await readFloatingIps(session, { allProjects });
    return ips.map(({ projectId, createdMs: sinceMs }) => ({
      resource: 'floating_ip',
      projectId,
      amount: 1,
      sinceMs,
    }));
  },
  object_gb: async ({ session, projects }) => {
    const bytes = await readStoredBytes(
      session,
      projects.map(({ id }) => id),
    );
    return [...bytes].map(([projectId, stored]) => ({
      resource: 'object_gb',
      projectId,
      amount: stored / GIB,
      sinceMs: undefined,
    }));
  },
};

/** What is there now of all that is seen, or an error. */
export async function readHoldings(resource: SampledResource, views: readonly View[]): Promise<Holding[]> {
  return (await Promise.all(views.map(READERS[resource]))).flat();
}

export function createSampler({ resources, logger, metrics }: SamplingOptions): Sampler {
  const report = createResourceReport(logger, metrics);
  return async (before, input) => {
    const next = new Map(before);
    for (const resource of resources) {
      try {
        const holdings = await readHoldings(resource, input.views);
        next.set(resource, foldSample(before.get(resource), holdings, input.untilMs, [resource]));
        report(resource, undefined);
      } catch (error) {
        report(resource, error);
      }
    }
    return next;
  };
}

/** Says in a metric whether a resource can be read, and in the log when that changes. */
export function createResourceReport(logger: Logger, metrics: OwnMetrics) {
  const reasons = new Map<string, string | undefined>();
  return (resource: string, error: unknown): void => {
    const { failure, reason } = error === undefined ? {} : readFailure(error);
    metrics.setResource(resource, failure);
    if (reasons.has(resource) ? reasons.get(resource) === reason : reason === undefined) return;
    reasons.set(resource, reason);
    if (reason === undefined) logger.info({ resource }, 'can be read again');
    else logger.warn({ resource, reason }, 'can not be read; the other resources are not affected');
  };
}
