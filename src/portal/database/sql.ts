import sql, { join, raw, type Sql } from 'sql-template-tag';

/** SQL text with its parameters. `raw` inserts text into the SQL as it is: use it only for constants. */
export { join, raw, sql, type Sql };

/** The database or a transaction. `query` rejects with the errors of `pg`. */
export interface Queryable {
  query<Row extends object>(statement: Sql): Promise<Rows<Row>>;
}

export interface Rows<Row> {
  rows: Row[];
  /** The number of returned or changed rows. */
  rowCount: number | null;
}
