import { chmod, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../runtime/logger.ts';
import { makeUsable, type NativePackage } from './binaries.ts';

const ourselves = { uid: undefined, gid: undefined };
let folder: string;
let native: NativePackage;
let place: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackmeter-test-'));
  await chmod(folder, 0o755);
  native = { folder: join(folder, 'package', 'native'), version: '18.4.0' };
  place = join(folder, 'place');
  for (const path of [join(native.folder, 'bin'), join(native.folder, 'lib'), place])
    await mkdir(path, { recursive: true });
  for (const program of ['postgres', 'initdb'])
    await writeFile(join(native.folder, 'bin', program), '', { mode: 0o755 });
  await writeFile(join(native.folder, 'lib', 'libpq.so.5.18'), 'library');
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(native.folder, 'pg-symlinks.json'), JSON.stringify(links));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('makeUsable', () => {
  it('creates the links that are missing because npm ran no scripts', async () => {
    expect(await makeUsable(native, ourselves, [place], silentLogger())).toBe(native.folder);
    expect(await readlink(join(native.folder, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
    expect(await makeUsable(native, ourselves, [place], silentLogger())).toBe(native.folder);
  });

  it.runIf(process.getuid?.() === 0)(
    'copies the programs once from a folder that the account cannot enter',
    async () => {
      await chmod(join(folder, 'package'), 0o700);
      const nobody = { uid: 65_534, gid: 65_534 };
      const copy = join(place, 'postgresql-18.4.0', 'native');
      expect(await makeUsable(native, nobody, ['/dev/null/no', place], silentLogger())).toBe(copy);
      expect(await readFile(join(copy, 'lib', 'libpq.so.5'), 'utf8')).toBe('library');
      expect(await makeUsable(native, nobody, ['/dev/null/no', place], silentLogger())).toBe(copy);
    },
  );
});
