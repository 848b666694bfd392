import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';
import type { Pair } from './certificate-authority.ts';

/** Starts a proxy that speaks TLS in front of `127.0.0.1:targetPort`; ends it with the test. */
export async function startTlsProxy(targetPort: number, certificate: Pair) {
  let connections = 0;
  const server = createServer(certificate, (client) => {
    connections += 1;
    const target = connect(targetPort, '127.0.0.1');
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
    client.pipe(target).pipe(client);
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return { url: `https://127.0.0.1:${port}`, connections: () => connections };
}
