import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { UserError } from '../user-error.ts';
import { replaceFile } from './replace-file.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'stackmeter-replace-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

it('keeps the mode of a file, and the link to it', async () => {
  const place = folder();
  const path = join(place, 'real.toml');
  writeFileSync(path, 'old');
  chmodSync(path, 0o640);
  symlinkSync(path, join(place, 'link.toml'));
  await replaceFile(join(place, 'link.toml'), 'new', { secret: true });
  expect([readFileSync(path, 'utf8'), modeOf(path), readdirSync(place)]).toEqual([
    'new',
    '640',
    ['link.toml', 'real.toml'],
  ]);
});

it('closes a new secret to all but its owner, and the group of a model that others cannot read', async () => {
  const place = folder();
  const like = join(place, 'portal.toml');
  const modes = [];
  for (const mode of [0o644, 0o640, 0o600]) {
    writeFileSync(like, '');
    chmodSync(like, mode);
    await replaceFile(join(place, `secret-${mode}`), 'x', { like, secret: true });
    await replaceFile(join(place, `open-${mode}`), 'x', { like });
    modes.push(modeOf(join(place, `secret-${mode}`)), modeOf(join(place, `open-${mode}`)));
  }
  expect(modes).toEqual(['600', '644', '640', '640', '600', '600']);
});

it('keeps the old file if the new one is refused, and names it', async () => {
  const place = folder();
  const path = join(place, 'portal.toml');
  writeFileSync(path, 'old');
  const check = (temporary: string) => {
    throw new UserError(`${temporary}: has '${readFileSync(temporary, 'utf8')}'`);
  };
  await expect(replaceFile(path, 'new', { check })).rejects.toThrow(`${path}: has 'new'`);
  expect([readFileSync(path, 'utf8'), readdirSync(place)]).toEqual(['old', ['portal.toml']]);
});

it('writes through no link that somebody put in the place of the new file', async () => {
  const place = folder();
  const [path, other] = [join(place, 'portal.toml'), join(place, 'other')];
  writeFileSync(other, 'not ours');
  symlinkSync(other, `${path}.${process.pid}.tmp`);
  await replaceFile(path, 'new');
  expect([readFileSync(path, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['new', 'not ours']);
});
