import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isMountPoint, replaceableFile } from './replaceable-file.ts';

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'stackmeter-links-')));
  onTestFinished(() => rmSync(path, { recursive: true }));
  mkdirSync(join(path, 'data'));
  return path;
}

describe('a replaceable file', () => {
  it.each([
    ['a link to the file', 'data/state.json'],
    ['a link to a link', 'other'],
  ])('is the file behind %s, even if it does not exist', async (_, target) => {
    const path = folder();
    symlinkSync('data/state.json', join(path, 'other'));
    symlinkSync(target, join(path, 'link'));
    const file = join(path, 'data/state.json');
    expect(await replaceableFile(join(path, 'link'))).toBe(file);
    writeFileSync(file, '');
    expect(await replaceableFile(join(path, 'link'))).toBe(file);
  });

  it('is the file behind a link of its folder', async () => {
    const path = folder();
    symlinkSync('data', join(path, 'link'));
    expect(await replaceableFile(join(path, 'link/state.json'))).toBe(join(path, 'data/state.json'));
  });

  it('keeps its name if a link leads to itself, or if the folder is missing', async () => {
    const path = folder();
    symlinkSync('loop', join(path, 'loop'));
    expect(await replaceableFile(join(path, 'loop'))).toBe(join(path, 'loop'));
    expect(await replaceableFile('/nowhere/state.json')).toBe('/nowhere/state.json');
  });

  it('is not a mount point, under any name', () => {
    const mountInfo = [
      '25 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '68 45 254:0 /a /data/my\\040state.json rw,relatime - ext4 /dev/vda rw',
    ].join('\n');
    expect(isMountPoint('/data/my state.json', mountInfo)).toBe(true);
    expect(isMountPoint('/data', mountInfo)).toBe(false);
  });
});
