import { describe, expect, it } from 'vitest';
import { proxyFor, readProxies } from './proxies.ts';

const env = { HTTP_PROXY: 'http://plain:1', https_proxy: 'secure:2', HTTPS_PROXY: 'http://other:3' };
const proxy = (url: string, more: Record<string, string>) => proxyFor(new URL(url), readProxies(more))?.host;

describe('the proxy for an address', () => {
  it.each([
    ['http://keystone:5000', env, 'plain:1'],
    ['https://keystone:5000', env, 'secure:2'],
    ['https://keystone', { HTTP_PROXY: 'http://plain:1' }, undefined],
    ['https://keystone', { all_proxy: 'http://all:1' }, 'all:1'],
    ['https://keystone', {}, undefined],
  ])('is the proxy of the protocol: %s, %j', (url, variables, host) => {
    expect(proxy(url, variables)).toBe(host);
  });

  it.each([
    ['http://keystone', 'other keystone', true],
    ['http://Keystone.example', '.EXAMPLE', true],
    ['http://keystone.example', '*.example,', true],
    ['http://keystone.example', 'example', true],
    ['http://keystone.anexample', 'example', false],
    ['http://keystone:5000', 'keystone:5000', true],
    ['http://keystone:5001', 'keystone:5000', false],
    ['http://keystone', 'keystone:80', true],
    ['http://10.1.2.3', '10.0.0.0/8', true],
    ['http://11.1.2.3', '10.0.0.0/8', false],
    ['http://keystone', '10.0.0.0/8,nonsense/x,::/200', false],
    ['http://[fd00::1]:5000', 'fd00::/8', true],
    ['http://[::1]:5000', '::1', true],
    ['http://[::1]:5000', '[::1]:5000', true],
    ['http://anything', '*', true],
  ])('is none for an address in NO_PROXY: %s, %s', (url, none, direct) => {
    expect(proxy(url, { ...env, NO_PROXY: none }) === undefined).toBe(direct);
  });

  it('must be an address, and is shown without its password', () => {
    expect(() => readProxies({ HTTP_PROXY: 'ftp://user:pw@proxy:1' })).toThrow(
      "HTTP_PROXY: 'ftp://***@proxy:1' is not the address of a proxy",
    );
  });
});
