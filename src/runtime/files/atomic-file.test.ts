import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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

  it('has the content on the disk before its name, and the name before it says that it is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackmeter-atomic-'));
    const path = join(folder, 'state.json');
    writeFileSync(path, 'old');
    const whenSynced: string[] = [];
    const handle = await open(path);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const sync = vi.spyOn(prototype, 'sync').mockImplementation(async () => {
      whenSynced.push(readFileSync(path, 'utf8'));
      await Promise.resolve();
    });
    onTestFinished(() => sync.mockRestore());
    await writeFileAtomically(path, 'new');
    expect(whenSynced).toEqual(['old', 'new']);
    rmSync(folder, { recursive: true });
  });

  it('leaves the old file where the new one can not be put in its place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackmeter-atomic-'));
    await expect(writeFileAtomically(join(folder, 'absent', 'state.json'), 'x')).rejects.toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
