import { describe, expect, it } from 'vitest';
import { bareToken, parseTokenFile } from './token-file.ts';
import { checkToken, hashToken, newToken } from './tokens.ts';

const hex = (token: string) => hashToken(token).toString('hex');

describe('a token file', () => {
  it('holds named hashes with and without expiry, and bare tokens', () => {
    const text = `# portals\n\nalpha sha256:${hex('a')}\nbeta\tsha256:${hex('b').toUpperCase()} expires 2030-01-01\r\nbare!token\n`;
    expect(parseTokenFile(text, 'tokens')).toEqual([
      { name: 'alpha', hash: hashToken('a'), expiresMs: undefined },
      { name: 'beta', hash: hashToken('b'), expiresMs: Date.UTC(2030, 0, 1) },
      { name: 'line-5', hash: hashToken('bare!token'), expiresMs: undefined },
    ]);
  });

  it.each([
    ['', /^tokens holds no token/],
    ['# nothing\n', /^tokens holds no token/],
    [`sha256:${hex('a')}`, /^tokens:1: expected a token, or NAME/],
    ['\ntökén', /^tokens:2: expected a token/],
    ['alpha secret-token', /^tokens:1: after the name stands sha256:/],
    [`alpha sha256:${hex('a')} 2030-01-01`, /^tokens:1: after the hash stands nothing/],
    [`alpha sha256:${hex('a')} expires`, /^tokens:1: after the hash stands nothing/],
    [`alpha sha256:${hex('a')} expires 2030-01-01 x`, /^tokens:1: after the hash stands nothing/],
    [`alpha sha256:${hex('a')} expires tomorrow`, /^tokens:1: 'tomorrow' is not a date/],
    [`alpha sha256:${hex('a')} expires 2030-13-01`, /^tokens:1: '2030-13-01' is not a date/],
    [`al/pha sha256:${hex('a')}`, /^tokens:1: a token's name/],
  ])('with %j is refused with its line, and without what stands there', (text, message) => {
    expect(() => parseTokenFile(text, 'tokens')).toThrow(message);
    expect(() => parseTokenFile(text, 'tokens')).not.toThrow('secret');
  });
});

describe('a token', () => {
  const expiresMs = Date.UTC(2030, 0, 1);
  const tokens = [
    { ...bareToken('old', 'shared'), expiresMs },
    bareToken('new', 'other'),
    bareToken('again', 'shared'),
  ];

  it('is valid under the name of the first line that has it and has not expired', () => {
    expect(checkToken(tokens, 'shared', expiresMs - 1)).toEqual({ valid: true, token: tokens[0] });
    expect(checkToken(tokens, 'shared', expiresMs)).toEqual({ valid: true, token: tokens[2] });
    expect(checkToken(tokens, 'other', expiresMs)).toEqual({ valid: true, token: tokens[1] });
  });

  it('is not valid when it has expired or is not known', () => {
    expect(checkToken(tokens.slice(0, 1), 'shared', expiresMs)).toEqual({ valid: false, expired: 'old' });
    expect(checkToken(tokens, 'share', 0)).toEqual({ valid: false, expired: undefined });
    expect(checkToken([], '', 0)).toEqual({ valid: false, expired: undefined });
  });

  it('is made of 256 random bits', () => {
    expect(newToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(newToken()).not.toBe(newToken());
  });
});
