import { documentsOfCsv } from '../portal/accounts/grants/csv-file.ts';
import { grantParts, type GrantPart, type GrantsFile } from '../portal/accounts/grants/documents.ts';
import { checkProjects, RuleError } from '../portal/accounts/grants/rules.ts';
import { documentsOfToml } from '../portal/accounts/grants/toml-file.ts';
import { readTextFile } from '../runtime/files/text-file.ts';
import { readTomlFile } from '../runtime/files/toml-file.ts';
import { describeError, UserError } from '../runtime/user-error.ts';
import { configurationKind } from './check/configuration-kind.ts';

/** A file of grants, and the parts of a grant that a file of its kind cannot say. */
interface ReadFile {
  file: GrantsFile;
  keep: readonly GrantPart[];
}

export function isCsv(path: string): boolean {
  return path.toLowerCase().endsWith('.csv');
}

/** Reads a file of grants (TOML or CSV). Throws `UserError`. */
export function readGrantsFile(path: string): ReadFile {
  const read = isCsv(path)
    ? documentsOfCsv(textOf(path), path)
    : { file: documentsOfToml(readTomlFile(path), path), keep: [] };
  return checked(read, path);
}

/** As `readGrantsFile`, or the `[[grant]]` tables of a portal.toml, which say only which projects a grant has. */
export function readGrantsToApply(path: string): ReadFile {
  if (isCsv(path)) return readGrantsFile(path);
  const tables = readTomlFile(path);
  if (configurationKind(tables, path) !== 'portal') return readGrantsFile(path);
  const { grant } = tables;
  if (grant === undefined) throw new UserError(`${path}: the portal configuration has no [[grant]]`);
  return checked(
    { file: documentsOfToml({ grant }, path), keep: grantParts.filter((part) => part !== 'projects') },
    path,
  );
}

function checked(read: ReadFile, path: string): ReadFile {
  try {
    checkProjects(read.file.grant);
    return read;
  } catch (error) {
    if (error instanceof RuleError) throw new UserError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

function textOf(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
