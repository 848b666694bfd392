import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadCredentials } from './openrc.ts';

function openrc(...lines: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'openrc-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'openrc');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

describe('credentials from an openrc', () => {
  const asking = [
    'OS_AUTH_URL=https://keystone.example:5000',
    'OS_USERNAME=meter',
    'OS_PROJECT_ID=one',
    'export OS_PASSWORD=$OS_PASSWORD_INPUT',
  ];

  it('take the password for which the file prompts from the environment', () => {
    expect(loadCredentials({ OS_PASSWORD: 'of env' }, openrc(...asking)).identity).toMatchObject({
      password: 'of env',
    });
  });

  it('name the line that prompts for a missing password', () => {
    expect(() => loadCredentials({}, openrc(...asking))).toThrow(
      /openrc:4: OS_PASSWORD is a prompt of the shell: set OS_PASSWORD or OS_PASSWORD_FILE in the environment$/,
    );
  });

  it('name a missing file', () => {
    expect(() => loadCredentials({}, '/nowhere/openrc')).toThrow('--openrc: cannot read /nowhere/openrc');
  });
});
