import { expect, it } from 'vitest';
import { nextAddress } from './redirects.ts';

const next = (from: string, location: unknown, redirects = 0) =>
  nextAddress({ service: 'Nova', from: new URL(from), status: 301, redirects }, location).href;

it.each([
  [
    'http://nova:8774/v2.1/servers?limit=1',
    '/compute/v2.1/servers?limit=1',
    'http://nova:8774/compute/v2.1/servers?limit=1',
  ],
  ['http://nova:8774/v2.1', 'https://nova/v2.1', 'https://nova/v2.1'],
])('a redirect within a host is followed: %s to %s', (from, location, to) => {
  expect(next(from, location)).toBe(to);
});

it.each([
  [
    'https://nova/',
    'https://other/?token=x',
    /^Nova at https:\/\/nova\/ answers 301 to https:\/\/other\/, where credentials/,
  ],
  ['https://nova/', 'http://nova/', /to http:\/\/nova\/, where credentials are not sent/],
  ['https://nova/', 'ftp://nova/', /which is not http or https/],
  ['https://nova/', undefined, /answers 301 without an address/],
  ['https://nova/', ['/a', '/b'], /answers 301 without an address/],
])('a redirect elsewhere is an error: %s to %s', (from, location, message) => {
  expect(() => next(from, location)).toThrow(message);
});

it('thirty redirects are followed, and no more', () => {
  expect(next('http://nova/a', '/b', 29)).toBe('http://nova/b');
  expect(() => next('http://nova/a', '/b', 30)).toThrow('the 31st redirect in a row');
});
