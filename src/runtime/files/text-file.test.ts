import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readTextFile } from './text-file.ts';

it('reads a file without the byte order mark at its start, and keeps other such marks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-text-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, '\uFEFFone\r\n\uFEFFtwo\r\n');
  expect(readTextFile(path)).toBe('one\r\n\uFEFFtwo\r\n');
});
