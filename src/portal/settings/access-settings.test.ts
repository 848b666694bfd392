import { describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAccessPolicy } from './settings.ts';

function read(toml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-access-settings-'));
  const configFile = join(folder, 'portal.toml');
  writeFileSync(configFile, toml);
  try {
    return readAccessPolicy({ flags: {}, env: {}, configFile });
  } catch (error) {
    throw new Error((error as Error).message.replaceAll(`${configFile}: `, ''), { cause: error });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const PROVIDER =
  '[[access.provider]]\nname = "keycloak"\nissuer = "https://id.example.org/realms/usage"\nclient_id = "portal"\n';
const rule = (keys: string) => `${PROVIDER}[[access.rule]]\nissuer = "keycloak"\n${keys}`;

describe('[access]', () => {
  it('is not there without the table', () => {
    expect(read('')).toBe(undefined);
  });

  it('has rules, each with its issuer, its role and its place in the file', () => {
    const { rules } =
      read(`${rule('claim = "realm_access.roles"\nincludes = "usage-operator"\nrole = "operator"')}
[[access.rule]]
issuer = "https://id.example.org/realms/usage"
claim = "eduperson_entitlement"
includes = "urn:geant:example.org:group:usage:{site}#id.example.org"
role = "site"`) as { rules: unknown };
    const issuer = 'https://id.example.org/realms/usage';
    expect(rules).toEqual([
      {
        place: 'access.rule[1]',
        issuer,
        claim: 'realm_access.roles',
        test: 'includes',
        text: 'usage-operator',
        role: { role: 'operator' },
      },
      {
        place: 'access.rule[2]',
        issuer,
        claim: 'eduperson_entitlement',
        test: 'includes',
        text: 'urn:geant:example.org:group:usage:{site}#id.example.org',
        role: { role: 'site', site: '' },
      },
    ]);
  });

  it.each([
    ['[access]\nprovidr = 1', "access: unknown key 'providr'; did you mean 'provider'?"],
    ['[[access.provider]]\nname = "a"\nissuer = "http://id.example.org"', 'issuer: must begin with https'],
    [`${PROVIDER}${PROVIDER}`, "there are two providers 'keycloak'"],
    [`${PROVIDER}${PROVIDER.replace('"keycloak"', '"other"')}`, 'two providers have the issuer https://id.'],
    [rule('claim = "g"\nrole = "operator"'), 'access.rule[1]: write either equals or includes'],
    [
      rule('claim = "g"\nequals = "a"\nincludes = "a"\nrole = "operator"'),
      'access.rule[1]: write either equals or includes',
    ],
    [
      rule('claim = "g"\nequals = "a"\nrole = "operator"').replace(
        'issuer = "keycloak"',
        'issuer = "keyclok"',
      ),
      "access.rule[1].issuer: no provider is 'keyclok'; did you mean 'keycloak'?",
    ],
    [
      rule('claim = "g"\nequals = "a"\nrole = "site"'),
      'the role site needs either site or {site} in its text',
    ],
    [
      rule('claim = "g"\nincludes = "a:{site}"\nsite = "a"\nrole = "site"'),
      'the role site needs either site or {site} in its text',
    ],
    [
      rule('claim = "g"\nincludes = "a:{grant}"\nrole = "site"\nsite = "a"'),
      '{grant} does not fit the role site',
    ],
    [rule('claim = "g"\nincludes = "a:{site}"\nrole = "operator"'), '{site} does not fit the role operator'],
    [rule('claim = "g"\nincludes = "{site}{site}"\nrole = "site"'), '{site} may stand in the text once'],
    [
      rule('claim = "g"\nequals = "a"\nrole = "operator"\nsite = "a"'),
      '.site: the role operator has no site',
    ],
    [
      rule('claim = "g"\nequals = "a"\nrole = "lead"\nsite = "a"\ngrant = "b"'),
      '.site: the role lead has no site',
    ],
  ])('refuses %j with one line', (toml, line) => {
    expect(() => read(toml)).toThrow(line);
  });
});
