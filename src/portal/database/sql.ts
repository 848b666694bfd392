import sql, { join, raw, type Sql } from 'sql-template-tag';

/** SQL as it is written, and its parameters. Only constants may be `raw`. */
export { join, raw, sql, type Sql };

/** What takes statements: the database, or a transaction. Throws what `pg` throws. */
export interface Queryable {
  query<Row extends object>(statement: Sql): Promise<Rows<Row>>;
}

export interface Rows<Row> {
  rows: Row[];
  /** Rows that were returned or changed. */
  rowCount: number | null;
}
