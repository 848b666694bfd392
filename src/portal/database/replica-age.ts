import { UserError } from '../../runtime/user-error.ts';

interface ServerFacts {
  /** The identity that PostgreSQL gave to the server and its replicas. */
  system: string;
  database: string;
  /** The newest migration. */
  schema: number;
}

export interface PrimaryFacts extends ServerFacts {
  /** Everything up to this place in the write-ahead log is committed. */
  position: string;
  /** Unix seconds. */
  now: number;
}

export interface ReplicaFacts extends ServerFacts {
  is_replica: boolean;
  /** Whether it has everything up to the primary's position. Null without a replica. */
  has_all: boolean | null;
  /** When the primary committed what the replica replayed last, Unix seconds; null after a start of the replica. */
  replayed_until: number | null;
}

/**
 * How many seconds a replica is behind at most, by the clock of the primary. Throws why the replica cannot be used: a
 * `UserError` if only a person can change that.
 */
export function ageOf(replica: ReplicaFacts, primary: PrimaryFacts): number {
  if (!replica.is_replica) throw new UserError('it is no replica: name a replica, or leave it out');
  if (replica.system !== primary.system)
    throw new UserError('it is the replica of another server than that of DATABASE_URL');
  if (replica.database !== primary.database)
    throw new UserError(`its database is not '${primary.database}', as in DATABASE_URL`);
  if (replica.schema !== primary.schema)
    throw new Error(
      `the schema of its ledger is ${replica.schema}, and that of the primary ${primary.schema}: it is behind an update`,
    );
  if (replica.has_all === true) return 0;
  if (replica.replayed_until === null) throw new Error('it has replayed no change since its start');
  return Math.max(0, primary.now - replica.replayed_until);
}
