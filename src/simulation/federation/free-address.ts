import { createServer } from 'node:net';
import { closeServer, listen, type ListenAddress } from '../../runtime/http/listen.ts';
import { codeOf } from '../../runtime/user-error.ts';

/** `usual` if its port is free, otherwise port 0 of the same host, which asks for any free port. */
export async function freeAddress(usual: ListenAddress): Promise<ListenAddress> {
  const server = createServer();
  try {
    await listen(server, usual);
    return usual;
  } catch (error) {
    if (codeOf((error as Error).cause) !== 'EADDRINUSE') throw error;
    return { ...usual, port: 0 };
  } finally {
    await closeServer(server);
  }
}
