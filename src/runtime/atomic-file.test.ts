import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomically } from './atomic-file.ts';

describe('writeFileAtomically', () => {
  it('replaces the file and leaves nothing beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackmeter-atomic-'));
    const path = join(folder, 'state.json');
    await writeFileAtomically(path, 'one');
    await writeFileAtomically(path, ['t', 'wo']);
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['two', ['state.json']]);
    rmSync(folder, { recursive: true });
  });

  it('leaves the old file where the new one can not be put in its place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackmeter-atomic-'));
    await expect(writeFileAtomically(join(folder, 'absent', 'state.json'), 'x')).rejects.toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
