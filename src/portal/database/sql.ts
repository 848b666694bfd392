import { createHash } from 'node:crypto';
import sql, { join, raw, Sql } from 'sql-template-tag';

/** SQL text with its parameters. `raw` inserts text into the SQL as it is: use it only for constants. */
export { join, raw, sql, Sql };

export interface Statement extends Pick<Sql, 'text' | 'values'> {
  /** Each connection keeps a statement with a name, with its plan. */
  name?: string;
}

/** By the texts of the template, of which JavaScript makes one array for each place in the code. */
const known = new WeakMap<readonly string[], Required<Omit<Statement, 'values'>>>();

/**
 * Like `sql`, for a statement that runs often: each connection parses it once, and soon keeps one plan. Its text must always
 * be the same, and this plan must stay good with all values, and while the tables grow.
 */
export function prepared(texts: readonly string[], ...parts: readonly unknown[]): Statement {
  let statement = known.get(texts);
  if (statement === undefined) {
    known.set(texts, (statement = named(sql(texts, ...parts).text)));
  }
  const values: unknown[] = [];
  for (const part of parts)
    if (part instanceof Sql) values.push(...part.values);
    else values.push(part);
  return { ...statement, values };
}

/**
 * A text with its name, which is the same in each process. Behind a pooler that does not keep statements apart, a process
 * may meet the statements of another: by a name such as a number it would run a wrong one.
 */
export function named(text: string): Required<Omit<Statement, 'values'>> {
  return { name: createHash('sha256').update(text).digest('base64url').slice(0, 22), text };
}

/** The database or a transaction. `query` rejects with the errors of `pg`. */
export interface Queryable {
  query<Row extends object>(statement: Statement): Promise<Rows<Row>>;
}

export interface Transaction extends Queryable {
  /** Sends a statement and does not wait. If it fails, the transaction fails with its error. */
  send(statement: Statement): void;
}

export interface Rows<Row> {
  rows: Row[];
  /** The number of returned or changed rows. */
  rowCount: number | null;
}
