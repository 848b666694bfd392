import { expect, it } from 'vitest';
import { shownUrl } from './shown-url.ts';

it.each([
  [new URL('http://user:pw@keystone:5000/v3'), 'http://***@keystone:5000/v3'],
  ['http://user@keystone:5000/v3', 'http://***@keystone:5000/v3'],
  ['postgres://user:p@ss/w#rd@[::1]:x/db', 'postgres://***@[::1]:x/db'],
  [
    'postgres://host/db?user=a&password=pw&sslmode=require',
    'postgres://host/db?user=a&password=***&sslmode=require',
  ],
  ['https://keystone:5000/v3', 'https://keystone:5000/v3'],
  ['keystone', 'keystone'],
])('an address is shown without its secrets: %s', (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});
