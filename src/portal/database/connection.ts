/** How to reach a PostgreSQL, in the words of `pg`: a URL, or a folder with a Unix socket. */
export type DatabaseConnection =
  { connectionString: string } | { host: string; port: number; user: string; database: string };
