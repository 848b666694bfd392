import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { closeServer, isLoopback, listen, parseListenAddress } from './listen.ts';

describe('an address to listen on', () => {
  it('is HOST:PORT, :PORT or [IPv6]:PORT', () => {
    expect(parseListenAddress('127.0.0.1:8080')).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(parseListenAddress(':8443')).toEqual({ host: '', port: 8443 });
    expect(parseListenAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
  });

  it.each(['8080', 'localhost', 'a:b', 'a:70000', '::1:80', 'http://a:80'])('is not %s', (text) => {
    expect(() => parseListenAddress(text)).toThrow(`'${text}' is not an address to listen on`);
  });

  it('counts as loopback only if no other machine can reach it', () => {
    const hosts = [
      '127.0.0.1',
      '127.8.8.8',
      '::1',
      'localhost',
      '',
      '0.0.0.0',
      '10.0.0.1',
      'localhost.example',
    ];
    expect(hosts.filter(isLoopback)).toEqual(['127.0.0.1', '127.8.8.8', '::1', 'localhost']);
  });

  it('that is in use is an error of one line with advice', async () => {
    const first = createServer();
    const { port } = await listen(first, { host: '127.0.0.1', port: 0 });
    await expect(listen(createServer(), { host: '127.0.0.1', port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: the port is in use; stop the program that uses it, or choose another with --listen`,
    );
    await closeServer(first);
  });
});
