import { describe, expect, it } from 'vitest';
import { needOf } from './route-needs.ts';

describe('the need of a route', () => {
  it('is unknown for a route without a line, so that everyone is refused', () => {
    expect(needOf('GET', '/api/v1/new', '/api/v1/new')).toBe(undefined);
    expect(needOf('POST', '/api/v1/usage', '/api/v1/usage')).toBe(undefined);
  });

  it('is a sign-in for a path without a route, so that nobody else hears what there is', () => {
    expect(needOf('GET', undefined, '/assets/x.js')).toBe('a sign-in');
  });

  it('is the same for HEAD as for GET', () => {
    expect(needOf('HEAD', '/api/v1/audit', '/api/v1/audit')).toBe('everything');
  });

  it('is nothing for the files of the sign-in and of the pages, which hold no data', () => {
    expect(needOf('GET', '/*', '/assets/index-12345678.js')).toBe('nothing');
    expect(needOf('GET', '/*', '/x/assets/index.js')).toBe('a role');
    expect(needOf('GET', '/*', '/index.html')).toBe('nothing');
  });
});
