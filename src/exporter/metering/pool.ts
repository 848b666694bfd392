import type { RememberedServer, ServerLife } from './meter-state.ts';

/** A project whose servers belong to others. The value of a metadata key says to whom. */
export interface PoolSplit {
  projectId: string;
  metadataKey: string;
}

/** The metadata value of each server of the pool that Nova still shows; undefined for a server without the key. */
export type PoolValues = ReadonlyMap<string, string | undefined>;

/**
 * Assigns a server of the pool to its part. A server that Nova does not show any more stays in its last part. A server that was
 * never shown, or has no value, belongs to the pool itself.
 */
export function inPart(
  life: ServerLife,
  { projectId }: PoolSplit,
  values: PoolValues,
  remembered: ReadonlyMap<string, RememberedServer>,
): ServerLife {
  if (life.projectId !== projectId) return life;
  if (!values.has(life.id)) return { ...life, projectId: remembered.get(life.id)?.projectId ?? projectId };
  const value = values.get(life.id);
  return value === undefined || value === '' ? life : { ...life, projectId: partId(projectId, value) };
}

/** `<pool id>/<metadata value>` */
function partId(poolId: string, value: string): string {
  return `${poolId}/${value}`;
}

/** The value of the metadata key, for the id of a part of the pool; undefined for other ids. */
export function partName(poolId: string, id: string): string | undefined {
  return id.startsWith(`${poolId}/`) ? id.slice(poolId.length + 1) : undefined;
}
