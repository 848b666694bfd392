/** The size of a volume, starting at `atMs`. */
interface VolumeSize {
  atMs: number;
  sizeGb: number;
}

/** A volume from its creation to its deletion. Instants are Unix milliseconds, in whole seconds. */
export interface VolumeLife {
  /** A UUID. */
  id: string;
  projectId: string;
  /** The name of the volume's type. */
  volumeType: string;
  /** The first size and later extensions, in order of time. */
  sizes: readonly [VolumeSize, ...VolumeSize[]];
  /** Undefined if it is never deleted. */
  deletedMs?: number | undefined;
}

export interface FloatingIpLife {
  /** A UUID. */
  id: string;
  projectId: string;
  createdMs: number;
  /** Undefined if it is never deleted. */
  deletedMs?: number | undefined;
}

/** A project's bytes in the object store. An amount is valid from its instant to the next one. */
export interface StoredBytes {
  projectId: string;
  amounts: readonly { atMs: number; bytes: number }[];
}

/** The contents of a cloud besides servers. */
export interface Belongings {
  volumes: readonly VolumeLife[];
  floatingIps: readonly FloatingIpLife[];
  storedBytes: readonly StoredBytes[];
}

export const NO_BELONGINGS: Belongings = { volumes: [], floatingIps: [], storedBytes: [] };
