import { END_HOUR, FIRST_HOUR } from './year-of-usage.ts';

export interface DuckDb {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }>;
}

/** DuckDB; undefined if `@duckdb/node-api` is not installed. */
export async function openDuckDb(): Promise<DuckDb | undefined> {
  const name = '@duckdb/node-api';
  const module = (await import(name).catch(() => undefined)) as
    { DuckDBInstance: { create(): Promise<{ connect(): Promise<DuckDb> }> } } | undefined;
  return await (await module?.DuckDBInstance.create())?.connect();
}

/** The usage of `yearOfUsage`: a row for each meter and hour, and a row for each meter and day. */
export async function fillDuckDb(duckDb: DuckDb, projects: number): Promise<void> {
  await duckDb.run(`
    CREATE TABLE entry AS SELECT meter::INTEGER AS meter, hour::INTEGER AS hour, (1 + meter % 64) * 3600000::BIGINT AS amount
    FROM range(1, ${3 * projects + 1}) m(meter), range(${FIRST_HOUR}, ${END_HOUR}) h(hour)`);
  await duckDb.run(
    `CREATE TABLE day AS SELECT meter, hour - hour % 24 AS hour, sum(amount)::BIGINT AS amount FROM entry GROUP BY 1, 2`,
  );
}
