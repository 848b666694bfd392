import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMemory } from './data-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stackmeter-federation-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the memory of a federation', () => {
  it('is the same after a restart', async () => {
    const first = await openMemory(join(folder, 'new', 'one'), ['a', 'b'], 3_600_000);
    expect(await openMemory(join(folder, 'new', 'one'), ['a', 'b'], 7_200_000)).toEqual(first);
    expect(first.startMs).toBe(3_600_000);
    expect(new Set([first.tokens['a'], first.tokens['b']]).size).toBe(2);
  });

  it('is refused if it has other sites', async () => {
    await openMemory(folder, ['a'], 0);
    await expect(openMemory(folder, ['b'], 0)).rejects.toThrow('belongs to another federation');
  });

  it('is refused with one clear line if it is broken', async () => {
    writeFileSync(join(folder, 'federation.json'), '{');
    await expect(openMemory(folder, ['a'], 0)).rejects.toThrow(
      /cannot read .*federation\.json: remove its folder/,
    );
  });
});
