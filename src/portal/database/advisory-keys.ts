/** Keys of PostgreSQL's advisory locks. They never change: several versions may run at once. */
export const ADVISORY_KEYS = {
  /** One process uses an embedded server. The lock is in the server's database `postgres`. */
  embeddedServer: 7305217601n,
  /** One process changes the schema. */
  schema: 7305217602n,
  /** One portal takes its share of the sites. Earlier versions used …603 for the tables of remote write. */
  leases: 7305217604n,
  /** One portal writes the rows of the sites. A transaction with the lock for leases may take it, never the reverse. */
  sites: 7305217605n,
  /** One portal or command changes accounts, grants and people. */
  accounts: 7305217606n,
} as const;
