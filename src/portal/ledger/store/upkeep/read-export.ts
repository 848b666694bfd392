import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { UserError } from '../../../../runtime/user-error.ts';
import {
  endLine,
  headerLine,
  ROWS_AT_ONCE,
  tableLine,
  TEXT_AT_ONCE,
  type TableName,
} from './export-lines.ts';

/** The parts of an export, in its order: the schema, rows of a table (up to line `line`), and the end. */
export type ExportPart =
  | { schema: number }
  | { table: TableName; rows: string[]; line: number }
  | { rowCount: number; hasChecksum: boolean };

/** Reads the lines of an export, without line ends. Throws `UserError` if the export is not complete. */
export async function* readExport(lines: AsyncIterable<string>): AsyncGenerator<ExportPart> {
  const hash = createHash('sha256');
  let number = 0;
  let rowCount = 0;
  let table: TableName | undefined;
  let rows: string[] = [];
  let length = 0;
  let ended = false;
  for await (const line of lines) {
    number += 1;
    if (ended) throw brokenImport(number, 'there are more lines after the end');
    const kind = kindOf(line, number);
    if (kind === 'row') {
      rows.push(line);
      length += line.length;
    }
    if (kind === 'row' && table === undefined) throw brokenImport(number, 'a row comes before its table');
    if (
      table !== undefined &&
      (rows.length >= ROWS_AT_ONCE || length >= TEXT_AT_ONCE || (kind !== 'row' && rows.length > 0))
    ) {
      yield { table, rows, line: number };
      rowCount += rows.length;
      rows = [];
      length = 0;
    }
    if (kind === 'header') yield { schema: parseLine(headerLine, line, number).schema };
    if (kind === 'table') table = parseLine(tableLine, line, number).table;
    if (kind === 'end') yield checkedEnd(line, number, { rowCount, sha256: hash.copy().digest('hex') });
    ended = kind === 'end';
    hash.update(`${line}\n`);
  }
  if (!ended) throw brokenImport(number, 'the end is missing, so the export is not complete');
}

function kindOf(line: string, number: number): 'header' | 'table' | 'end' | 'row' {
  if (number === 1) return 'header';
  if (line.startsWith('{"table":')) return 'table';
  return line.startsWith('{"end":') ? 'end' : 'row';
}

function checkedEnd(line: string, number: number, read: { rowCount: number; sha256: string }): ExportPart {
  const { rows, sha256 } = parseLine(endLine, line, number);
  if (rows !== read.rowCount) throw brokenImport(number, 'rows are missing');
  if (sha256 !== undefined && sha256 !== read.sha256)
    throw brokenImport(number, 'the export is damaged or was edited: its checksum does not match');
  return { rowCount: rows, hasChecksum: sha256 !== undefined };
}

function parseLine<T>(schema: z.ZodType<T>, line: string, number: number): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw brokenImport(number, 'this is no line of an export');
  }
}

export function brokenImport(line: number, reason: string): UserError {
  return new UserError(`line ${line} of the import: ${reason}; nothing was imported`);
}
