import { expect, it } from 'vitest';
import { findPlaces, parseEnvironment } from './places.ts';

const rolesOf = (files: string[], env: Record<string, string> = {}) =>
  Object.entries(findPlaces([], { env, exists: (path) => files.includes(path) })).map(([role, sources]) => [
    role,
    sources?.configFile ?? Object.keys(sources?.flags ?? {}).join(','),
  ]);

it('finds the configuration of each role in the folder, in the environment, or where systemd has it', () => {
  expect(rolesOf(['exporter.toml', 'gate.toml', '/etc/stackmeter/usage-openrc'])).toEqual([
    ['exporter', 'exporter.toml'],
    ['gate', 'gate.toml'],
  ]);
  expect(rolesOf([], { OS_AUTH_URL: 'http://k' })).toEqual([['exporter', '']]);
  expect(
    rolesOf([
      '/etc/stackmeter/usage-openrc',
      '/etc/stackmeter/gate/tokens',
      '/etc/stackmeter/portal/portal.toml',
    ]),
  ).toEqual([
    ['exporter', 'openrc'],
    ['gate', 'tokenFile,tlsCert,tlsKey'],
    ['portal', '/etc/stackmeter/portal/portal.toml'],
  ]);
  expect(rolesOf([])).toEqual([]);
});

it('reads the environment file of a unit', () => {
  expect(parseEnvironment('# a comment\nSTACKMETER_START=2026-01-01\nA="b c"\n\n')).toEqual({
    STACKMETER_START: '2026-01-01',
    A: 'b c',
  });
});
