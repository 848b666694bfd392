/** A volume has this size from then on. */
interface VolumeSize {
  atMs: number;
  sizeGb: number;
}

/** A volume from when it was made until it is deleted. Instants are Unix milliseconds, whole seconds. */
export interface VolumeLife {
  /** A UUID. */
  id: string;
  projectId: string;
  /** The name of its type. */
  volumeType: string;
  /** At least one, in order of time: it was made with the first, and extended to the others. */
  sizes: readonly [VolumeSize, ...VolumeSize[]];
  /** Undefined: never. */
  deletedMs?: number | undefined;
}

export interface FloatingIpLife {
  /** A UUID. */
  id: string;
  projectId: string;
  createdMs: number;
  /** Undefined: never. */
  deletedMs?: number | undefined;
}

/** What a project has in the object store, from each of these instants on. */
export interface StoredBytes {
  projectId: string;
  amounts: readonly { atMs: number; bytes: number }[];
}

/** What a cloud has beside servers. */
export interface Belongings {
  volumes: readonly VolumeLife[];
  floatingIps: readonly FloatingIpLife[];
  storedBytes: readonly StoredBytes[];
}

export const NO_BELONGINGS: Belongings = { volumes: [], floatingIps: [], storedBytes: [] };
