import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWith } from '../support/describe-with.ts';

const beside = (name: string) =>
  fileURLToPath(new URL(`../../src/exporter/openstack/credentials/sdk-clouds/${name}`, import.meta.url));

describeWith(['openstack-sdk'], "the SDK's reading of clouds.yaml", () => {
  it('is still the recorded one, which the exporter must match', () => {
    const { stdout, stderr } = spawnSync('/usr/bin/python3', [beside('record.py')], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(beside('expected.json'), 'utf8')));
  });
});
