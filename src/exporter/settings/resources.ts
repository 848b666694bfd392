import { SERVER_RESOURCES } from '../metering/amounts.ts';
import { SAMPLED_SERVICES, type SampledResource } from '../openstack/sampled-services.ts';

/** Sampled resources. Each is of another service, which shows only the present. */
const SAMPLED_RESOURCES = SAMPLED_SERVICES.map(({ resource }) => resource);

/** The names for `--resources`. */
export const RESOURCE_NAMES = [...SERVER_RESOURCES, 'gpu', ...SAMPLED_RESOURCES] as const;
export type ResourceName = (typeof RESOURCE_NAMES)[number];

export function isSampled(resource: ResourceName): resource is SampledResource {
  return (SAMPLED_RESOURCES as readonly string[]).includes(resource);
}
