import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith } from '../support/describe-with.ts';
import { temporaryFolder } from '../support/processes.ts';

/** Writes the unit with this machine's Node.js as its program, because the program has to exist. */
function unitIn(folder: string, role: string): string {
  const unit = `stackmeter-${role}.service`;
  const text = readFileSync(new URL(`../../deploy/systemd/${unit}`, import.meta.url), 'utf8');
  writeFileSync(join(folder, unit), text.replace('=/usr/bin/node ', `=${process.execPath} `));
  return join(folder, unit);
}

describeWith(['systemd-analyze'], 'the systemd unit', (programs) => {
  const analyze = (args: string[]) =>
    spawnSync(programs['systemd-analyze'], args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });

  it.each(['exporter', 'gate', 'portal', 'backup'])(
    'of the %s is valid and has an exposure below 2.5',
    (role) => {
      const unit = unitIn(temporaryFolder(), role);
      const { status, stderr } = analyze(['verify', '--man=no', unit]);
      expect([status, stderr]).toEqual([0, '']);
      const security = analyze(['security', '--offline=true', '--threshold=25', '--no-pager', unit]);
      expect(security.status).toBe(0);
    },
  );
});
