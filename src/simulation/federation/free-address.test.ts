import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeServer, listen } from '../../runtime/http/listen.ts';
import { freeAddress } from './free-address.ts';

describe('the address of a part of a federation', () => {
  it('is the usual one, or any free port if that port is in use', async () => {
    const server = createServer();
    const taken = await listen(server, { host: '127.0.0.1', port: 0 });
    expect(await freeAddress(taken)).toEqual({ host: '127.0.0.1', port: 0 });
    await closeServer(server);
    expect(await freeAddress(taken)).toEqual(taken);
  });
});
