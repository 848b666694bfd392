import { createHash } from 'node:crypto';

/**
 * The resource of the volumes of one type, beside the resource of all volumes: `volume_<type>_gb`. If the type cannot be part of a
 * metric's name as it is, `__` and a hash of the type follow, so that each type has a name of its own.
 */
export function volumeTypeResource(volumeType: string | undefined): string {
  if (volumeType === undefined) return 'volume_untyped_gb';
  if (isPlain(volumeType)) return `volume_${volumeType}_gb`;
  const words = volumeType.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
  const prefix = words.slice(0, 38).replaceAll(/^_+|_+$/g, '') || 'type';
  const hash = createHash('sha256').update(volumeType).digest('hex').slice(0, 12);
  return `volume_${prefix}__${hash}_gb`;
}

/** True if the type is part of the metric's name as it is. No other type gets the same name. */
function isPlain(volumeType: string): boolean {
  return /^[a-z0-9]+(_[a-z0-9]+)*$/.test(volumeType) && volumeType.length <= 40 && volumeType !== 'untyped';
}
