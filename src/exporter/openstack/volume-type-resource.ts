import { createHash } from 'node:crypto';

/**
 * Volumes of a type are a resource of their own, beside that of all volumes: `volume_<type>_gb`. A type that is not
 * written as part of a metric's name is followed by `__` and a hash of it, so that each type has a name of its own.
 */
export function volumeTypeResource(volumeType: string | undefined): string {
  if (volumeType === undefined) return 'volume_untyped_gb';
  if (isPlain(volumeType)) return `volume_${volumeType}_gb`;
  const words = volumeType.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  const prefix = words.slice(0, 38).replaceAll(/^_+|_+$/g, '') || 'type';
  const hash = createHash('sha256').update(volumeType).digest('hex').slice(0, 12);
  return `volume_${prefix}__${hash}_gb`;
}

/** Its name is its own part of the metric's: no other type has it. */
function isPlain(volumeType: string): boolean {
  return /^[a-z0-9]+(_[a-z0-9]+)*$/.test(volumeType) && volumeType.length <= 40 && volumeType !== 'untyped';
}
