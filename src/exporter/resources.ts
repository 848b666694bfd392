import { SERVER_RESOURCES } from './metering/amounts.ts';

/** Resources of services that show what is there now, each with a service of its own. */
const SAMPLED_RESOURCES = ['volume_gb', 'floating_ip', 'object_gb'] as const;
export type SampledResource = (typeof SAMPLED_RESOURCES)[number];

/** What `--resources` may name. */
export const RESOURCE_NAMES = [...SERVER_RESOURCES, 'gpu', ...SAMPLED_RESOURCES] as const;
export type ResourceName = (typeof RESOURCE_NAMES)[number];

export function isSampled(resource: ResourceName): resource is SampledResource {
  return (SAMPLED_RESOURCES as readonly string[]).includes(resource);
}

/** Volumes of a type are a resource of their own, beside that of all volumes: `volume_<type>_gb`. */
export function volumeTypeResource(volumeType: string | undefined): string {
  const plain = (volumeType ?? '').toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  return `volume_${plain.slice(0, 40).replaceAll(/^_+|_+$/g, '') || 'untyped'}_gb`;
}
