/** The address of a PostgreSQL for `pg`: a URL, or a folder with a Unix socket. */
export type DatabaseConnection =
  { connectionString: string } | { host: string; port: number; user: string; database: string };
