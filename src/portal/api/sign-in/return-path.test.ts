import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { returnPath } from './return-path.ts';

it.each([
  ['/project?site=a&id=p%201#top', '/project?site=a&id=p%201#top'],
  ['/', '/'],
  [undefined, '/'],
  ['', '/'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  ['/\\evil.example', '/'],
  ['/%5Cevil.example', '/%5Cevil.example'],
  ['\\\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['/a/..//evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['portal', '/'],
  ['/a\r\nset-cookie: x=y', '/'],
])('after a sign-in, %j leads to %s', (asked, path) => {
  expect(returnPath(asked)).toBe(path);
});

it('leads to the same host for any text', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '@',
    ':',
    '%2f',
    '%5c',
    'evil.example',
    '\t',
    '\n',
    '?',
    '#',
    'https:',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = returnPath(pieces.join(''));
      expect(new URL(path, 'https://portal.example.org').origin).toBe('https://portal.example.org');
      expect(path).toMatch(/^\/(?![/\\])/);
    }),
  );
});
