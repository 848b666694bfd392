import type { Server, Socket } from 'node:net';
import { networkOf } from '../../runtime/http/client-addresses.ts';

export const MAX_CONNECTIONS = 512;
export const DEFAULT_CONNECTIONS_PER_ADDRESS = 64;

/**
 * Limits the open connections in total and from one address, before any token is read. So one client that holds connections
 * open does not keep all other clients out.
 */
export function limitConnections(
  server: Server,
  perAddress: number,
  onRefused: (reason: 'address' | 'total') => void,
): void {
  const counts = new Map<string, number>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => onRefused('total'));
  server.on('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress);
    const count = counts.get(network) ?? 0;
    if (count >= perAddress) {
      onRefused('address');
      socket.destroy();
      return;
    }
    counts.set(network, count + 1);
    socket.once('close', () => {
      const left = (counts.get(network) ?? 1) - 1;
      if (left === 0) counts.delete(network);
      else counts.set(network, left);
    });
  });
}
