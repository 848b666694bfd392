import { createServer, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { closeServer, listen } from '../../src/runtime/http/listen.ts';

export interface TcpProxy {
  port: number;
  /** Breaks all connections, and refuses new ones for a while. */
  cut(durationMs: number): void;
  /** Holds back for a while the bytes that the target sends. */
  delay(durationMs: number): void;
}

/** Starts a proxy in front of `127.0.0.1:targetPort` that can break and delay connections. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let cutUntil = 0;
  let delayedUntil = 0;
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    if (Date.now() < cutUntil) return void client.destroy();
    client.pipe(target);
    target.on('data', (chunk: Buffer) => {
      const waitMs = Math.max(0, delayedUntil - Date.now());
      setTimeout(() => client.writable && client.write(chunk), waitMs);
    });
    target.on('end', () => setTimeout(() => client.end(), Math.max(0, delayedUntil - Date.now()) + 1));
    return undefined;
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    await closeServer(server, 0);
  });
  return {
    port,
    cut: (durationMs) => {
      cutUntil = Date.now() + durationMs;
      for (const socket of open) socket.destroy();
    },
    delay: (durationMs) => {
      delayedUntil = Date.now() + durationMs;
    },
  };
}
