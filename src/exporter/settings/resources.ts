import { SERVER_RESOURCES } from '../metering/amounts.ts';
import { SAMPLED_SERVICES, type SampledResource } from '../openstack/sampled-services.ts';

/** Resources of services that show what is there now, each with a service of its own. */
const SAMPLED_RESOURCES = SAMPLED_SERVICES.map(({ resource }) => resource);

/** What `--resources` may name. */
export const RESOURCE_NAMES = [...SERVER_RESOURCES, 'gpu', ...SAMPLED_RESOURCES] as const;
export type ResourceName = (typeof RESOURCE_NAMES)[number];

export function isSampled(resource: ResourceName): resource is SampledResource {
  return (SAMPLED_RESOURCES as readonly string[]).includes(resource);
}
