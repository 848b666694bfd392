import { describe, expect, it } from 'vitest';
import { loadCredentials, parseOpenrc } from './openrc.ts';

describe('an openrc', () => {
  it('is read as KEY=value lines, with or without export, quotes and comments', () => {
    const text = [
      '# my cloud',
      'OS_USERNAME=admin',
      'export OS_PROJECT_NAME="two words \\"quoted\\""',
      "  export OS_PASSWORD='it is $5 # really'",
      'OS_REGION_NAME=RegionOne   # the only one',
      'OS_CACERT=',
      'PATH=/bin',
    ].join('\r\n');
    expect(parseOpenrc(text)).toEqual({
      OS_USERNAME: 'admin',
      OS_PROJECT_NAME: 'two words "quoted"',
      OS_PASSWORD: 'it is $5 # really',
      OS_REGION_NAME: 'RegionOne',
      OS_CACERT: '',
    });
  });

  it('may be a script that asks for the password, which is then not in it', () => {
    const text = [
      'echo "Please enter your OpenStack Password"',
      'read -sr OS_PASSWORD_INPUT',
      'export OS_PASSWORD=$OS_PASSWORD_INPUT',
      'if [ -z "$OS_REGION_NAME" ]; then unset OS_REGION_NAME; fi',
    ].join('\n');
    expect(parseOpenrc(text)).toEqual({});
  });

  it('keeps a dollar sign that is a part of a value', () => {
    expect(parseOpenrc('OS_PASSWORD=pa$$word')).toEqual({ OS_PASSWORD: 'pa$$word' });
  });

  it('that is missing is named', () => {
    expect(() => loadCredentials({}, '/nowhere/openrc')).toThrow('--openrc: cannot read /nowhere/openrc');
  });
});
