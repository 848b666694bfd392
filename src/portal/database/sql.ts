import sql, { join, raw, type Sql } from 'sql-template-tag';

/** SQL text with its parameters. Only constants may be `raw`. */
export { join, raw, sql, type Sql };

/** The database or a transaction. Throws errors of `pg`. */
export interface Queryable {
  query<Row extends object>(statement: Sql): Promise<Rows<Row>>;
}

export interface Rows<Row> {
  rows: Row[];
  /** The number of returned or changed rows. */
  rowCount: number | null;
}
