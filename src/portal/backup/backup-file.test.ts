import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UserError } from '../../runtime/user-error.ts';
import { readBackup, writeBackup } from './backup-file.ts';

const LINES = [
  '{"format":"stackmeter-ledger","schema":1}',
  '{"name":"Größe"}',
  '{"end":true,"rows":1,"sha256":"0a"}',
];

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function* piecesOf(lines: readonly string[]) {
  for (const line of lines) yield `${line}\n`;
}

async function linesIn(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readBackup(path)) lines.push(line);
  return lines;
}

describe('the file of a backup', () => {
  it('has the lines that were written, and tells the number of rows', async () => {
    const path = join(folderOfTest(), 'backup');
    const { rows, bytes } = await writeBackup(path, piecesOf(LINES));
    expect([rows, bytes, await linesIn(path)]).toEqual([1, readFileSync(path).length, LINES]);
  });

  it('is not there, and replaces no earlier one, if its lines end too early', async () => {
    const folder = folderOfTest();
    const path = join(folder, 'backup');
    writeFileSync(path, 'an earlier one');
    const broken = async function* () {
      yield* piecesOf(LINES.slice(0, 2));
      throw new Error('the database is away');
    };
    await expect(writeBackup(path, broken())).rejects.toThrow(
      new UserError(`no backup was written to ${path}: the database is away`),
    );
    await expect(writeBackup(path, piecesOf(LINES.slice(0, 2)))).rejects.toThrow('the backup was cut');
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['backup'], 'an earlier one']);
  });

  it('is refused in one line if it cannot be written or read, was cut, or is something else', async () => {
    const folder = folderOfTest();
    const path = join(folder, 'backup');
    const nowhere = join(folder, 'missing', 'backup');
    await expect(writeBackup(nowhere, piecesOf(LINES))).rejects.toThrow(UserError);
    await expect(linesIn(nowhere)).rejects.toThrow(UserError);
    await writeBackup(path, piecesOf(LINES));
    writeFileSync(path, readFileSync(path).subarray(0, -12));
    await expect(linesIn(path)).rejects.toThrow(/is not a whole backup: .*; nothing was imported$/);
    writeFileSync(path, 'something else');
    await expect(linesIn(path)).rejects.toThrow(/is not a whole backup: .*; nothing was imported$/);
  });
});
