import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Sample } from '../../prometheus/sample.ts';
import { systemClock } from '../../runtime/clock.ts';
import { closeServer, listen } from '../../runtime/http/listen.ts';
import { encodeReadResponse, writtenSeries, type WrittenSeries } from '../../../test/portal/write-request.ts';
import { toSnappy } from '../../prometheus/remote/snappy.ts';
import type { BodyLimits } from './federate-body.ts';
import { GateClient } from './gate-client.ts';
import { SweepFailure } from './sweep-failure.ts';

const LIMITS: BodyLimits = {
  maxWireBytes: 1_048_576,
  maxTextBytes: 1_048_576,
  maxSamples: 1000,
  maxHistoryBytes: 100_000,
};
const TEXT = 'project_vcpu_usage{project_id="p",project_name="Käse"} 1.5 1700000000000\n';
const SAMPLES = [
  {
    name: 'project_vcpu_usage',
    labels: { project_id: 'p', project_name: 'Käse' },
    value: 1.5,
    timestampMs: 1_700_000_000_000,
  },
];

type Limits = BodyLimits & { timeoutMs: number };

const gates: Server[] = [];
afterEach(async () => {
  await Promise.all(gates.splice(0).map(async (gate) => await closeServer(gate, 0)));
});

/** The result of a sweep of a gate with this handler: the samples, or the reason of the failure. */
async function federate(handler: RequestListener, limits: Partial<Limits> = {}, path = '') {
  return await federateFrom(`${await startGate(handler)}${path}`, limits);
}

async function startGate(handler: RequestListener): Promise<string> {
  const gate = createServer(handler);
  gates.push(gate);
  const { port } = await listen(gate, { host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${port}`;
}

const site = (url: string, timeoutMs = 300_000) => ({
  name: 'a',
  url,
  token: 'sesame',
  ca: undefined,
  intervalMs: 1,
  timeoutMs,
  labels: {},
  selectors: ['{a="b"}', '{c=~"x .*"}'],
});

/** The number of samples from a site's history, or the reason of a failure; and the largest reported bytes. */
async function readHistory(series: WrittenSeries[]): Promise<{ outcome: unknown; most: number }> {
  const url = await startGate(answer(200, {}, Buffer.from(toSnappy(encodeReadResponse([series])))));
  const client = new GateClient(site(url), LIMITS, systemClock);
  let most = 0;
  const outcome = await client
    .read({ startMs: 0, endMs: 1 }, new AbortController().signal, (bytes) => (most = Math.max(most, bytes)))
    .then((samples) => samples?.length)
    .catch((error: unknown) => (error as SweepFailure).message);
  await client.close();
  return { outcome, most };
}

async function federateFrom(url: string, limits: Partial<Limits> = {}) {
  const client = new GateClient(site(url, limits.timeoutMs), { ...LIMITS, ...limits }, systemClock);
  try {
    const samples: Sample[] = [];
    await client.federate(new AbortController().signal, (sample) => void samples.push(sample));
    return samples;
  } catch (error) {
    if (!(error instanceof SweepFailure)) throw error;
    return error.message.replaceAll(/127\.0\.0\.1:\d+/g, 'GATE');
  } finally {
    await client.close();
  }
}

const text = { 'content-type': 'text/plain; version=0.0.4' };
const answer =
  (status: number, headers: Record<string, string>, body: string | Buffer): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

/** Announces 1000 bytes, sends `body`, and closes the connection. */
const breakOff =
  (headers: Record<string, string>, body: string | Buffer): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { ...text, ...headers });
    response.write(body, () => response.destroy());
  };

describe('reading a gate', () => {
  it('asks for each selector once, with the token', async () => {
    const seen: unknown[] = [];
    await federate(
      (request, response) => {
        seen.push(
          request.method,
          request.url,
          request.headers.authorization,
          request.headers['accept-encoding'],
        );
        response.writeHead(200, text).end();
      },
      {},
      '/behind/a/proxy/',
    );
    expect(seen).toEqual([
      'GET',
      '/behind/a/proxy/federate?match%5B%5D=%7Ba%3D%22b%22%7D&match%5B%5D=%7Bc%3D~%22x+.%2A%22%7D',
      'Bearer sesame',
      'gzip',
    ]);
  });

  it('reads plain and compressed answers', async () => {
    expect(await federate(answer(200, text, TEXT))).toEqual(SAMPLES);
    expect(await federate(answer(200, { ...text, 'content-encoding': 'gzip' }, gzipSync(TEXT)))).toEqual(
      SAMPLES,
    );
  });

  it('reads an answer with a cut inside a character', async () => {
    const bytes = Buffer.from(TEXT);
    const cut = bytes.indexOf('ä') + 1;
    const samples = await federate((_request, response) => {
      response.writeHead(200, text);
      response.write(bytes.subarray(0, cut), () => setImmediate(() => response.end(bytes.subarray(cut))));
    });
    expect(samples).toEqual(SAMPLES);
  });

  it.each([
    [401, 'no', 'the gate refuses the token (401): renew it on both sides'],
    [403, 'not in the policy\nsecond line', 'the gate denies the request (403): not in the policy'],
    [404, '', 'the gate has no /federate at this url (404): check the url'],
    [429, '', 'the gate asks to be read less often (429)'],
    [500, 'oh \u001B[31mno', 'the gate answers 500: oh ?[31mno'],
  ])('reports status %i as a failure with its reason', async (status, body, reason) => {
    expect(await federate(answer(status, text, body))).toBe(reason);
  });

  it('follows no redirect, because the token would go with it', async () => {
    let requests = 0;
    const reason = await federate((_request, response) => {
      requests++;
      response.writeHead(302, { location: '/federate' }).end();
    });
    expect([reason, requests]).toEqual(['the gate answers with a redirect (302), which is not followed', 1]);
  });

  it.each([
    ['plain, with its length stated', { 'content-length': '1000' }, TEXT],
    ['plain, in chunks', {}, TEXT],
    ['compressed', { 'content-encoding': 'gzip' }, gzipSync(TEXT.repeat(100)).subarray(0, 60)],
  ])('refuses an answer that breaks off: %s', async (_how, headers, body) => {
    expect(await federate(breakOff(headers, body))).toBe(
      'the connection broke off before the answer was complete',
    );
  });

  it('refuses a compressed answer without its end, even if the connection ends in order', async () => {
    const cut = gzipSync(TEXT).subarray(0, -9);
    expect(await federate(answer(200, { ...text, 'content-encoding': 'gzip' }, cut))).toBe(
      'the compressed answer broke off before it was complete',
    );
  });

  it('refuses an answer that ends in the middle of a line', async () => {
    expect(await federate(answer(200, text, TEXT.slice(0, -3)))).toBe(
      'the answer ends in the middle of a line',
    );
  });

  it('refuses an answer that only ends with the connection', async () => {
    const closes: RequestListener = (request) => {
      const socket: Socket = request.socket;
      socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n${TEXT}`);
    };
    expect(await federate(closes)).toBe(
      'the answer does not state its length, so nobody can tell whether it is complete',
    );
  });

  it('bounds an answer in bytes on the wire, decompressed bytes and series', async () => {
    const zipped = { ...text, 'content-encoding': 'gzip' };
    expect(await federate(answer(200, text, '#\n'.repeat(600_000)))).toBe(
      'the answer is larger than 1 MiB on the wire',
    );
    expect(await federate(answer(200, zipped, gzipSync(Buffer.alloc(50_000_000, '#'))))).toBe(
      'the answer is larger than 1 MiB decompressed',
    );
    expect(await federate(answer(200, text, TEXT.repeat(1001)))).toBe('the answer has more than 1000 series');
  });

  it('bounds the memory of a history, and keeps only series that readings need', async () => {
    const many = (name: string, length: number) =>
      Array.from({ length }, (_, n) =>
        writtenSeries(name, { project_id: `${n}`, name: 'x'.repeat(100) }, n, n),
      );
    expect((await readHistory(many('project_vcpu_usage', 300))).outcome).toBe(300);
    expect(await readHistory(many('project_vcpu_usage', 1000))).toEqual({
      outcome: 'the history takes more than 100000 bytes of memory',
      most: expect.toSatisfy((bytes: number) => bytes <= 100_000),
    });
    expect(await readHistory(many('stackmeter_exporter_x', 1000))).toEqual({
      outcome: 0,
      most: expect.toSatisfy((bytes: number) => bytes <= 100_000),
    });
  });

  it('fails with SweepFailure if no request can carry a selector', async () => {
    const unread = { ...site('http://127.0.0.1:9'), selectors: ['up offset 5m'] };
    const client = new GateClient(unread, LIMITS, systemClock);
    const { signal } = new AbortController();
    await expect(client.read({ startMs: 0, endMs: 1 }, signal)).rejects.toBeInstanceOf(SweepFailure);
    await client.close();
  });

  it('gives up on a slow gate after the timeout of the whole sweep', async () => {
    const drips: RequestListener = (_request, response) => {
      response.writeHead(200, text);
      const timer = setInterval(() => response.write('#\n'), 20);
      response.on('close', () => clearInterval(timer));
    };
    expect(await federate(drips, { timeoutMs: 200 })).toBe('no complete answer within 0.2 s');
  });

  it('names an answer that is no metrics page', async () => {
    expect(await federate(answer(200, { 'content-type': 'text/html' }, '<html>'))).toBe(
      "the answer is 'text/html', not the text format: does the url belong to a gate?",
    );
    expect(await federate(answer(200, text, 'a b c d\n'))).toMatch(
      /^the answer is not in the text format: .*line 1/,
    );
    expect(await federate(answer(200, { ...text, 'content-encoding': 'br' }, 'x'))).toBe(
      "the answer is encoded as 'br', not as gzip",
    );
  });

  it('names the host that does not answer', async () => {
    const gate = createServer();
    const { port } = await listen(gate, { host: '127.0.0.1', port: 0 });
    await closeServer(gate);
    expect(await federateFrom(`http://127.0.0.1:${port}`)).toBe('nothing listens on GATE');
  });
});
