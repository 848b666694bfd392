import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bareToken, parseTokenFile, readTokenFile } from './token-file.ts';
import { checkToken, hashToken, newToken } from './tokens.ts';

const hex = (token: string) => hashToken(token).toString('hex');

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'stackmeter-tokens-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

describe('a token file', () => {
  it('has named hashes, with or without an expiry date, and tokens in plain text', () => {
    const text = `# portals\n\nalpha sha256:${hex('a')}\nbeta\tsha256:${hex('b').toUpperCase()} expires 2030-01-01\r\nbare!token!of!16!\n`;
    expect(parseTokenFile(text, 'tokens')).toEqual([
      { name: 'alpha', hash: hashToken('a'), expiresMs: undefined },
      { name: 'beta', hash: hashToken('b'), expiresMs: Date.UTC(2030, 0, 1) },
      { name: 'line-5', hash: hashToken('bare!token!of!16!'), expiresMs: undefined },
    ]);
  });

  it('may start with a byte order mark, and end its lines as Windows does', () => {
    const path = join(folder(), 'tokens');
    writeFileSync(path, `\uFEFFalpha sha256:${hex('a')}\r\n`);
    expect(readTokenFile(path)).toEqual([{ name: 'alpha', hash: hashToken('a'), expiresMs: undefined }]);
  });

  it.each([
    ['', /^tokens has no token/],
    ['# nothing\n', /^tokens has no token/],
    [`sha256:${hex('a')}`, /^tokens:1: expected a token of at least 16 characters, or NAME/],
    ['\ntökén-of-more-than-sixteen', /^tokens:2: expected a token/],
    // Rests of cut lines.
    ['portal', /^tokens:1: expected a token of at least 16 characters/],
    ['# x\nportal-of-the-university', /^tokens:2: looks like a name without its sha256:HEX/],
    ['portal ', /^tokens:1: expected a token/],
    ['portal sha256:', /^tokens:1: after the name, expected sha256: and 64/],
    [`portal sha256:${hex('a').slice(1)}`, /^tokens:1: after the name, expected sha256: and 64/],
    [`portal sha256:${hex('a')} exp`, /^tokens:1: after the hash, expected nothing/],
    ['!'.repeat(15), /^tokens:1: expected a token of at least 16 characters/],
    ['alpha secret-token', /^tokens:1: after the name, expected sha256:/],
    [`alpha sha256:${hex('a')} 2030-01-01`, /^tokens:1: after the hash, expected nothing/],
    [`alpha sha256:${hex('a')} expires`, /^tokens:1: after the hash, expected nothing/],
    [`alpha sha256:${hex('a')} expires 2030-01-01 x`, /^tokens:1: after the hash, expected nothing/],
    [`alpha sha256:${hex('a')} expires tomorrow`, /^tokens:1: 'tomorrow' is not a date/],
    [`alpha sha256:${hex('a')} expires 2030-13-01`, /^tokens:1: '2030-13-01' is not a date/],
    [`al/pha sha256:${hex('a')}`, /^tokens:1: a token's name/],
  ])('with %j is refused with the number of the line, but without its text', (text, message) => {
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

  it('is valid by the name of the first line that has its hash and has not expired', () => {
    expect(checkToken(tokens, 'shared', expiresMs - 1)).toEqual({ valid: true, token: tokens[0] });
    expect(checkToken(tokens, 'shared', expiresMs)).toEqual({ valid: true, token: tokens[2] });
    expect(checkToken(tokens, 'other', expiresMs)).toEqual({ valid: true, token: tokens[1] });
  });

  it('is not valid if it has expired or is unknown', () => {
    expect(checkToken(tokens.slice(0, 1), 'shared', expiresMs)).toEqual({ valid: false, expired: 'old' });
    expect(checkToken(tokens, 'share', 0)).toEqual({ valid: false, expired: undefined });
    expect(checkToken([], '', 0)).toEqual({ valid: false, expired: undefined });
  });

  it('has 256 random bits', () => {
    expect(newToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(newToken()).not.toBe(newToken());
  });
});
