import type { Logger } from '../../runtime/logger.ts';
import type { View } from './metered-cloud.ts';
import { foldSample, type Holding, type SampledState } from '../metering/sampled.ts';
import { SAMPLED_SERVICES, type SampledResource } from '../openstack/sampled-services.ts';
import { readFailure } from '../openstack/session/service-error.ts';
import type { OwnMetrics } from '../exposition/own-metrics.ts';

export interface SamplingOptions {
  resources: readonly SampledResource[];
  logger: Logger;
  metrics: OwnMetrics;
}

interface SampleInput {
  views: readonly View[];
  /** The sampled amounts count up to this time. */
  untilMs: number;
}

/**
 * Samples each resource and returns the new states by resource. If a service fails, its state stays, and a later sample
 * counts this time, too.
 */
export type Sampler = (
  before: ReadonlyMap<string, SampledState>,
  input: SampleInput,
) => Promise<ReadonlyMap<string, SampledState>>;

/** Reads the present amounts of a resource in all projects that the user sees. Throws where an answer is not complete. */
export async function readHoldings(resource: SampledResource, views: readonly View[]): Promise<Holding[]> {
  const service = SAMPLED_SERVICES.find((candidate) => candidate.resource === resource);
  if (service === undefined) throw new Error(`no service is listed for the resource ${resource}`);
  const readings = views.map(async ({ session, allProjects, projects }) => {
    const projectIds = async () => await Promise.resolve(projects.map(({ id }) => id));
    return await service.read(session, { allProjects, projectIds });
  });
  return (await Promise.all(readings)).flat();
}

export function sampler({ resources, logger, metrics }: SamplingOptions): Sampler {
  const report = resourceReport(logger, metrics);
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

/** Shows in a metric whether a resource can be read, and logs each change. */
export function resourceReport(logger: Logger, metrics: OwnMetrics) {
  const reasons = new Map<string, string | undefined>();
  return (resource: string, error: unknown): void => {
    const failed = error === undefined ? undefined : readFailure(error);
    const reason = failed?.reason;
    metrics.setResource(resource, failed);
    if (reasons.has(resource) ? reasons.get(resource) === reason : reason === undefined) return;
    reasons.set(resource, reason);
    if (reason === undefined) logger.info({ resource }, 'can be read again');
    else logger.warn({ resource, reason }, 'cannot be read; the other resources are not affected');
  };
}
