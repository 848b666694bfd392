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

  it('syncs the content before it renames the file, and the folder before it resolves', async () => {
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

  it('leaves no file behind if it cannot write the new one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackmeter-atomic-'));
    await expect(writeFileAtomically(join(folder, 'absent', 'state.json'), 'x')).rejects.toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
