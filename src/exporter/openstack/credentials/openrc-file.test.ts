import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { constantFrom, sample, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOpenrc } from './openrc-file.ts';
import { readShellLines } from './shell-lines.ts';

const variables = (script: string) => parseOpenrc(script, 'openrc').variables;

describe('an openrc', () => {
  it('is read as lines KEY=value, with or without export, quotes and comments', () => {
    const text = [
      '\uFEFF# my cloud',
      'OS_USERNAME=admin',
      'export OS_PROJECT_NAME="two words \\"quoted\\""',
      "  export OS_PASSWORD='it is $5 # really'",
      'OS_REGION_NAME=RegionOne   # the only one',
      'OS_CACERT=',
      'PATH=$PATH:/bin',
      'OS_PROJECT_DOMAIN_ID=default\r',
    ].join('\r\n');
    expect(variables(text)).toEqual({
      OS_USERNAME: 'admin',
      OS_PROJECT_NAME: 'two words "quoted"',
      OS_PASSWORD: 'it is $5 # really',
      OS_REGION_NAME: 'RegionOne',
      OS_CACERT: '',
      OS_PROJECT_DOMAIN_ID: 'default',
    });
  });

  it.each([
    [`export OS_PASSWORD='it'\\''s'`, "it's"],
    ['export OS_PASSWORD=a\\$b', 'a$b'],
    ['OS_PASSWORD="a\\$\\`\\\\\\b"c\'d\'\\ e', 'a$`\\\\bcd e'],
    ['OS_PASSWORD=a#b$', 'a#b$'],
    ['export OS_USERNAME=x OS_PASSWORD=one\\\ntwo', 'onetwo'],
    ["OS_PASSWORD='two\nlines'", 'two\nlines'],
    ['OS_PASSWORD=~/secret', `${homedir()}/secret`],
    ['OS_PASSWORD=\\\n~/secret', `${homedir()}/secret`],
    ['export OS_PASSWORD=a=~', 'a=~'],
  ])('is read by the rules of a shell: %j', (script, password) => {
    expect(variables(script)['OS_PASSWORD']).toBe(password);
  });

  it.each([
    ['OS_PASSWORD=$(echo secret)', 'openrc:1: OS_PASSWORD has a command ($(…)), which needs a shell'],
    ['\nOS_PASSWORD=`secret`', 'openrc:2: OS_PASSWORD has a command (`…`)'],
    ['OS_PASSWORD=secret$\\\nword', 'openrc:1: OS_PASSWORD has a variable ($…), which needs a shell'],
    ['OS_PASSWORD=secret$word', 'openrc:1: OS_PASSWORD has a variable ($…)'],
    ['OS_PASSWORD="pa$$secret"', 'openrc:1: OS_PASSWORD has a variable ($…)'],
    ['OS_USERNAME=${OS_USERNAME:-secret}', 'openrc:1: OS_USERNAME has a variable (${…})'],
    ['OS_REGION_NAME=$REGION', 'openrc:1: OS_REGION_NAME has a variable ($…)'],
    ["OS_PASSWORD=$'secret'", 'openrc:1: OS_PASSWORD has a quote behind $'],
    ['OS_CACERT=~/$secret', 'openrc:1: OS_CACERT has a variable ($…)'],
    ['OS_CACERT=~someone/secret', 'openrc:1: OS_CACERT has a home (~)'],
    ['export OS_PASSWORD=secret;', "openrc:1: OS_PASSWORD shares its line with ';'"],
    ['OS_PASSWORD=secret&word', "openrc:1: OS_PASSWORD shares its line with '&'"],
    ['OS_PASSWORD=secret|word', "openrc:1: OS_PASSWORD shares its line with '|'"],
    ['if true; then OS_PASSWORD=secret; fi', "openrc:1: OS_PASSWORD shares its line with ';'"],
    ['if true\nthen\n  OS_PASSWORD=secret\nfi', 'openrc:3: OS_PASSWORD is set within a command'],
    ['OS_PASSWORD=secret openstack', 'openrc:1: OS_PASSWORD is set within a command'],
    ['declare -x OS_PASSWORD="secret"', 'openrc:1: OS_PASSWORD is set within a command'],
    ["A=1\nOS_PASSWORD='secret\n", 'openrc:2: a quote starts here and does not end'],
  ])('is refused with the line that needs a shell, and without a secret: %j', (script, message) => {
    expect(() => variables(script)).toThrow(message);
    expect(() => variables(script)).not.toThrow('secret');
  });

  it('of Horizon prompts for the password, which is not in the file', () => {
    const horizon = [
      '#!/usr/bin/env bash',
      'export OS_AUTH_URL=https://keystone.example:5000',
      'export OS_PROJECT_ID=0123',
      'export OS_USER_DOMAIN_NAME="Default"',
      'if [ -z "$OS_USER_DOMAIN_NAME" ]; then unset OS_USER_DOMAIN_NAME; fi',
      'unset OS_TENANT_ID',
      'export OS_USERNAME="meter"',
      'echo "Please enter your OpenStack Password for project $OS_PROJECT_NAME as user $OS_USERNAME: "',
      'read -sr OS_PASSWORD_INPUT',
      'export OS_PASSWORD=$OS_PASSWORD_INPUT',
      'export OS_REGION_NAME="RegionOne"',
      'if [ -z "$OS_REGION_NAME" ]; then unset OS_REGION_NAME; fi',
    ].join('\n');
    expect(parseOpenrc(horizon, 'openrc')).toEqual({
      variables: {
        OS_AUTH_URL: 'https://keystone.example:5000',
        OS_PROJECT_ID: '0123',
        OS_USER_DOMAIN_NAME: 'Default',
        OS_USERNAME: 'meter',
        OS_REGION_NAME: 'RegionOne',
      },
      asked: { OS_PASSWORD: 'openrc:10' },
    });
  });

  it('of Kolla first unsets all variables', () => {
    const kolla = [
      `for key in $( set | awk '{FS="="}  /^OS_/ {print $1}' ); do unset $key ; done`,
      'export OS_PROJECT_NAME=admin',
    ].join('\n');
    expect(variables(kolla)).toEqual({ OS_PROJECT_NAME: 'admin' });
  });

  it('has the same words as /bin/sh for the same lines', () => {
    const character = constantFrom(...Array.from(`ab ~#=:*?[]{}!%@,.-_^"'\\$\n\t€é`));
    const literal = string({ unit: character, maxLength: 8 });
    const scripts = sample(literal, 3000).map((text, index) => ({
      index,
      line: `export OS_X${index}=${text}''`,
    }));
    const readable = scripts.filter(({ line }) => isReadable(line));
    expect(readable.length).toBeGreaterThan(500);
    const script = readable.map(({ index, line }) => `${line}\nprintf '%s\\0' "$OS_X${index}"`).join('\n');
    const said = spawnSync('/bin/sh', { input: script, encoding: 'utf8' }).stdout.split('\0').slice(0, -1);
    expect(readable.map(({ index, line }) => variables(line)[`OS_X${index}`])).toEqual(said);
  });
});

/** A word that needs no shell. */
function isReadable(line: string): boolean {
  try {
    const lines = readShellLines(line, 'openrc');
    const words = lines.flatMap(({ commands }) => commands.flat());
    return lines.length === 1 && words.length === 2 && Object.keys(variables(line)).length === 1;
  } catch {
    return false;
  }
}
