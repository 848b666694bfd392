import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../runtime/logger.ts';
import { openProfileFile } from './profile-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stackmeter-profile-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'p.toml');
const projectsOf = (count: number) =>
  '[d]\n' + Array.from({ length: count }, (_, i) => `[[d.projects]]\nproject_name = "p${i}"\n`).join('');

describe('a profile file', () => {
  it('is read again after a change', () => {
    writeFileSync(path(), projectsOf(1));
    const file = openProfileFile(path(), 0, silentLogger());
    expect(file.model(0).projects).toHaveLength(1);
    writeFileSync(path(), projectsOf(2));
    expect(file.model(0).projects).toHaveLength(2);
  });

  it.each(['[broken', undefined])(
    'keeps its last good content if it becomes wrong or vanishes: %s',
    (text) => {
      writeFileSync(path(), projectsOf(2));
      const file = openProfileFile(path(), 0, silentLogger());
      if (text === undefined) rmSync(path());
      else writeFileSync(path(), text);
      expect(file.model(0).projects).toHaveLength(2);
      writeFileSync(path(), projectsOf(3));
      expect(file.model(0).projects).toHaveLength(3);
    },
  );

  it('is refused with one clear line if it is missing', () => {
    expect(() => openProfileFile(path(), 0, silentLogger())).toThrow(
      `cannot read the profile ${path()}: ENOENT`,
    );
  });
});
