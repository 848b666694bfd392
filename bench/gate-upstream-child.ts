// The Prometheus of bench/gate.ts in a child process. It sends prepared answers with the bytes of a real Prometheus 2.42,
// and exchanges messages with its parent.
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { listen } from '../src/runtime/http/listen.ts';

export interface UpstreamGreeting {
  port: number;
  plainBytes: number;
  gzipBytes: number;
}

const SERIES = 20_000;
/** Sizes of the chunks in which Go sends a body of unknown length: for text and for gzip of Prometheus. */
const CHUNK_BYTES = { plain: 4096, gzip: 2048 };

const hex = (index: number) => index.toString(16).padStart(32, '7');
const lines = Array.from(
  { length: SERIES },
  (_, index) =>
    `project_mb_usage{domain_id="default",domain_name="Default",instance="127.0.0.1:8080",job="project_usages",project_id="${hex(index)}",project_name="project-${index}"} ${index * 1234.5} 1700000000000\n`,
);
const bodyOf = (series: number) =>
  Buffer.from(`# TYPE project_mb_usage untyped\n${lines.slice(0, series).join('')}`);
const plain = bodyOf(SERIES);

function framed(body: Buffer, chunkBytes: number): Buffer {
  const chunks = Array.from({ length: Math.ceil(body.length / chunkBytes) }, (_, index) => {
    const chunk = body.subarray(index * chunkBytes, (index + 1) * chunkBytes);
    return [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')];
  });
  return Buffer.concat(chunks.flat());
}

const head = (more: string) =>
  `HTTP/1.1 200 OK\r\n${more}Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n` +
  `Date: Wed, 25 Nov 2026 12:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n`;
const END = '0\r\n\r\n';

function answersOf(series: number) {
  const body = bodyOf(series);
  const packed = gzipSync(body, { level: 6 });
  return {
    packedBytes: packed.length,
    plain: Buffer.concat([Buffer.from(head('')), framed(body, CHUNK_BYTES.plain), Buffer.from(END)]),
    gzip: Buffer.concat([
      Buffer.from(head('Content-Encoding: gzip\r\n')),
      framed(packed, CHUNK_BYTES.gzip),
      Buffer.from(END),
    ]),
  };
}

const usual = answersOf(SERIES);
let answers = usual;
const piece = framed(plain.subarray(0, plain.lastIndexOf(10, 1_000_000) + 1), CHUNK_BYTES.plain);
/** The size of large answers; undefined for usual answers. */
let largeBytes: number | undefined;

async function sendLarge(socket: Socket, bytes: number): Promise<void> {
  socket.write(head(''));
  for (let sent = 0; sent < bytes; sent += piece.length)
    if (!socket.write(piece)) await once(socket, 'drain');
  socket.write(END);
}

const server = createServer({ noDelay: true }, (socket) => {
  let request = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    request += bytes.toString('latin1');
    if (!request.endsWith('\r\n\r\n')) return;
    if (largeBytes !== undefined) void sendLarge(socket, largeBytes).catch(() => undefined);
    else socket.write(/^accept-encoding: gzip\r$/im.test(request) ? answers.gzip : answers.plain);
    request = '';
  });
});

process.on('message', (asked: { largeBytes?: number; series?: number }) => {
  largeBytes = asked.largeBytes;
  answers = asked.series === undefined ? usual : answersOf(asked.series);
  process.send?.('ready');
});
process.on('disconnect', () => process.exit(0));
const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
process.send?.({ port, plainBytes: plain.length, gzipBytes: usual.packedBytes } satisfies UpstreamGreeting);
