import type { Server } from 'node:net';
import { codeOf, UserError } from '../user-error.ts';

export interface ListenAddress {
  host: string;
  port: number;
}

/** Parses `HOST:PORT`, `:PORT` (all addresses) and `[::1]:PORT`. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new UserError(`'${text}' is not an address to listen on: write HOST:PORT, such as 127.0.0.1:8080`);
  return { host: match[1] ?? match[2] ?? '', port };
}

export function formatAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** An address that reaches a server on this machine, also if it listens on all addresses. */
export function localAddress({ host, port }: ListenAddress): string {
  return formatAddress({ host: ['', '0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host, port });
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether others can read what is sent to an address. */
export function isOverheard({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !isLoopback(hostname.replaceAll(/[[\]]/g, ''));
}

/** Makes `server` listen and returns its address (port 0 asks for a free port). Throws a `UserError` with advice. */
export async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const onListening = () => {
      server.off('error', reject);
      resolve();
    };
    if (address.host === '') server.listen(address.port, onListening);
    else server.listen(address.port, address.host, onListening);
  }).catch((error: unknown) => {
    throw listenError(error, address);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string')
    throw new Error('the server does not listen on a TCP port');
  return { host: address.host === '' ? bound.address : address.host, port: bound.port };
}

/** An error with advice for the operator, if the cause is a known one. */
function listenError(error: unknown, address: ListenAddress): unknown {
  const advice = LISTEN_ADVICE[codeOf(error) ?? ''];
  if (advice === undefined) return error;
  return new UserError(`cannot listen on ${formatAddress(address)}: ${advice}`, { cause: error });
}

const LISTEN_ADVICE: Record<string, string> = {
  EADDRINUSE: 'the port is in use; stop the program that uses it, or choose another with --listen',
  EACCES: 'permission denied; choose a port above 1023 with --listen',
  EADDRNOTAVAIL: 'this machine has no such address; choose another with --listen',
  ENOTFOUND: 'this machine has no such address; choose another with --listen',
};

/** Closes an HTTP server: no new connections. Open ones end after their current answer, or after `graceMs`. */
export async function closeServer(
  server: Server & { closeIdleConnections?(): void; closeAllConnections?(): void },
  graceMs = 3000,
): Promise<void> {
  if (!server.listening) return;
  const force = setTimeout(() => server.closeAllConnections?.(), graceMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections?.();
  });
  clearTimeout(force);
}
