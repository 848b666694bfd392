import { expect, it } from 'vitest';
import { isOwnHost } from './own-host.ts';

const own = [undefined, 'usage.example.org'];

it.each([
  undefined,
  'localhost:8000',
  'app.localhost',
  '127.0.0.1:8000',
  '10.1.2.3',
  '[::1]:8000',
  '[2001:DB8::1]',
  'portal:8000',
  'site_exporter:8080',
  'usage.example.org',
  'Usage.Example.org.:443',
])('answers a request for %s', (host) => {
  expect(isOwnHost(host, own)).toBe(true);
});

it.each([
  'evil.example',
  'evil.example:8000',
  'usage.example.org.evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'a@localhost',
  'localhost, evil.example',
  '[::1]x',
  '',
  'a'.repeat(301),
])('refuses a request for %j, which may come from a page that points its own name at us', (host) => {
  expect(isOwnHost(host, own)).toBe(false);
});
