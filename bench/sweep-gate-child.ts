// The gates for the portal of bench/sweep.ts, in a child process. It exchanges messages with its parent.
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { listen } from '../src/runtime/http/listen.ts';
import { exposition } from './many-meters.ts';

/** Asks for the answers of the next sweep: `sites` sites at `/0`, `/1` and so on, with `meters` meters each. */
export interface PrepareRequest {
  sites: number;
  meters: number;
  sweep: number;
  atMs: number;
}

let answers: Buffer[] = [];

// Keeps connections as long as a gate does.
const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const site = Number(/^\/(\d+)\/federate\?/.exec(request.url ?? '')?.[1]);
  const answer = answers[site];
  if (answer === undefined) response.writeHead(404).end();
  else
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-encoding': 'gzip' })
      .end(answer);
});

/** Compresses the answers, because Prometheus does, and a gate passes them on. All sites give the same answer. */
function prepare({ sites, meters, sweep, atMs }: PrepareRequest): void {
  const answer = gzipSync(exposition(meters, sweep, atMs), { level: 1 });
  answers = Array.from({ length: sites }, () => answer);
}

process.on('message', (asked: PrepareRequest) => {
  prepare(asked);
  process.send?.('ready');
});
process.on('disconnect', () => process.exit(0));
const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
process.send?.(port);
