/** A text in quotes, or anything else up to the next semicolon. */
const PARTS = /(?:'[^']*'|"[^"]*"|[^;'"])+/g;

/** The statements of a migration, in order. They contain no comments and no dollar quotes. */
export function statementsOf(sql: string): string[] {
  return (sql.match(PARTS) ?? [])
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
