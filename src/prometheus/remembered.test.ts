import { describe, expect, it } from 'vitest';
import { remembered } from './remembered.ts';

describe('a remembered value', () => {
  it('is made once, as long as the last values fit into the given bytes', () => {
    const made: string[] = [];
    const upper = remembered(
      (key) => {
        made.push(key);
        return key.toUpperCase();
      },
      10,
      (key) => key.length,
    );
    const ask = (...keys: string[]) => {
      made.length = 0;
      expect(keys.map(upper)).toEqual(keys.map((key) => key.toUpperCase()));
      return made.join();
    };
    expect(ask('aaaa', 'bbbb', 'aaaa')).toBe('aaaa,bbbb');
    expect(ask('cccc', 'aaaa', 'bbbb')).toBe('cccc,bbbb');
    expect(ask('a key that is longer', 'a key that is longer')).toBe(
      'a key that is longer,a key that is longer',
    );
    expect(ask('bbbb', 'cccc')).toBe('cccc');
  });

  it('stays for another round if its owner says that it must', () => {
    const asked: string[] = [];
    const mayGo = (value: string) => {
      asked.push(value);
      return asked.filter((before) => before === value).length > 1;
    };
    const same = remembered(
      (key) => key,
      2,
      (key) => key.length,
      mayGo,
    );
    for (const key of ['a', 'b', 'c']) same(key);
    expect(asked).toEqual(['a', 'b', 'a']);
  });
});
