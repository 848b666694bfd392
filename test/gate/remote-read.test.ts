import { decodeReadResponse } from '../support/read-response.ts';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { FrameSplitter } from '../../src/gate/answers/read-frames.ts';
import { decodeChunkedResponse } from '../../src/prometheus/remote/chunked-read.ts';
import {
  decodeReadRequest,
  encodeReadRequest,
  type ReadQuery,
  type ReadRequestMessage,
} from '../../src/prometheus/remote/remote-read.ts';
import { toSnappy } from '../../src/prometheus/remote/snappy.ts';
import { parseSelector } from '../../src/prometheus/selectors/selectors.ts';
import { readSeries } from '../../src/prometheus/remote/time-series.ts';
import { CHUNKED_TYPE, chunkedAnswer, labelBytes } from './chunked-answer.ts';
import { describeWith } from '../support/describe-with.ts';
import { plainText, startGate, startUpstream, TOKEN } from './harness.ts';
import { temporaryFolder } from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';

const HEADERS = {
  authorization: `Bearer ${TOKEN}`,
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
};

async function post(port: number, body: Uint8Array, headers: Record<string, string> = {}) {
  const options = { method: 'POST', port, host: '127.0.0.1', path: '/api/v1/read', agent: false as const };
  return await new Promise<{ status: number; type: string | undefined; body: Buffer; complete: boolean }>(
    (resolve, reject) => {
      const outgoing = request(
        { ...options, headers: { ...HEADERS, 'content-length': body.length, ...headers } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', () => undefined);
          incoming.on('close', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              type: incoming.headers['content-type'],
              body: Buffer.concat(chunks),
              complete: incoming.complete,
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    },
  );
}

const now = () => Date.now();
const query = (selector: string, lengthMs = 600_000): ReadQuery => ({
  startMs: now() - lengthMs,
  endMs: now() + 1000,
  matchers: parseSelector(selector),
});
const usage = '{job="project_usages",__name__=~"project_.*_usage"}';

describe('a remote read outside the policy', () => {
  it('is denied, and no part of it goes upstream', async () => {
    const requests: unknown[] = [];
    const { url } = await startUpstream((incoming, response) => {
      requests.push(incoming.url);
      response.writeHead(200, plainText).end('secret');
    });
    const { gate } = await startGate({ source: { kind: 'prometheus', url } });
    const statusOf = async (body: Uint8Array, headers?: Record<string, string>) =>
      (await post(gate.address.port, body, headers)).status;
    const good = encodeReadRequest([query(usage)]);
    expect(await statusOf(encodeReadRequest([query('{__name__=~".+"}')]))).toBe(403);
    expect(await statusOf(encodeReadRequest([query(usage), query('up')]))).toBe(403);
    expect(await statusOf(encodeReadRequest([{ ...query(usage), matchers: [] }]))).toBe(403);
    expect(
      await statusOf(encodeReadRequest([{ ...query(usage), matchers: [{ label: '', op: '=', value: '' }] }])),
    ).toBe(400);
    expect(
      await statusOf(
        encodeReadRequest([{ ...query(usage), matchers: [{ label: 'a', op: '=~', value: '(' }] }]),
      ),
    ).toBe(400);
    expect(await statusOf(encodeReadRequest([]))).toBe(400);
    expect(await statusOf(encodeReadRequest(Array.from({ length: 11 }, () => query(usage))))).toBe(400);
    expect(await statusOf(encodeReadRequest([query(usage, 400 * 86_400_000)]))).toBe(400);
    expect(await statusOf(encodeReadRequest([{ ...query(usage), startMs: -5 }]))).toBe(400);
    expect(await statusOf(encodeReadRequest([{ ...query(usage), endMs: 0 }]))).toBe(400);
    expect(await statusOf(toSnappy(Buffer.alloc(1_000_000)))).toBe(400);
    expect(await statusOf(Buffer.from('0afcfaffffff', 'hex'))).toBe(400);
    expect(await statusOf(Buffer.alloc(0))).toBe(400);
    expect(await statusOf(Buffer.alloc(70_000))).toBe(413);
    expect(await statusOf(good, { 'content-type': 'text/plain' })).toBe(415);
    expect(await statusOf(good, { authorization: 'Bearer x' })).toBe(401);
    expect(requests).toEqual([]);
  });

  it('gets no series outside the policy, even if Prometheus sends them', async () => {
    const { url } = await startUpstream((_, response) => {
      const samples = [{ timestampMs: now(), high: 0, low: 0 }];
      const body = chunkedAnswer([{ labels: labelBytes({ __name__: 'outside' }), samples }]);
      response.writeHead(200, { 'content-type': CHUNKED_TYPE }).end(body);
    });
    const { gate, log } = await startGate({ source: { kind: 'prometheus', url } });
    expect((await post(gate.address.port, encodeReadRequest([query(usage)]))).status).toBe(502);
    expect(log()).toContain('"reason":"answer"');
  });
});

/** Starts a gate in front of an upstream that answers each query with the same series and records the requests. */
async function startChunks(times: readonly number[]) {
  const requests: ReadRequestMessage[] = [];
  const { url } = await startUpstream((incoming, response) => {
    void buffer(incoming).then((body) => {
      requests.push(decodeReadRequest(body, 100_000));
      const labels = labelBytes({ __name__: 'project_mb_usage', job: 'project_usages' });
      const samples = times.map((timestampMs) => ({ timestampMs, high: 0x3ff00000, low: 0 }));
      response.writeHead(200, { 'content-type': CHUNKED_TYPE });
      response.end(chunkedAnswer([{ labels, samples }]));
    });
  });
  const { gate } = await startGate({ source: { kind: 'prometheus', url } });
  return { port: gate.address.port, requests };
}

describe('a remote read of samples', () => {
  const day = 86_400_000;
  const matchers = parseSelector(usage);
  const timesOf = ({ body }: { body: Buffer }) =>
    decodeReadResponse(body, 1_000_000).map((series) =>
      series.flatMap(({ samples }) => samples.map(({ timestampMs }) => timestampMs)),
    );

  it('asks Prometheus for chunks, once for each different query, and answers every query', async () => {
    const { port, requests } = await startChunks([0, 1, 2, 3]);
    const one = { startMs: 1, endMs: 2, matchers };
    const other = { startMs: 2, endMs: 9, matchers };
    const answer = await post(port, encodeReadRequest([one, other, one, one]));
    const forwarded = parseSelector(
      `${usage.slice(0, -1)},__name__!="project_server_usage",__name__!="stackmeter_exporter_flavor_info"}`,
    );
    expect(requests.map(({ queries, accepted }) => [...queries, ...accepted])).toEqual([
      [{ ...one, matchers: forwarded }, 'streamed-chunks'],
      [{ ...other, matchers: forwarded }, 'streamed-chunks'],
    ]);
    expect(timesOf(answer)).toEqual([
      [1, 2],
      [2, 3],
      [1, 2],
      [1, 2],
    ]);
  });

  it('asks Prometheus for a month at a time, and has each sample once', async () => {
    const all = Array.from({ length: 366 }, (_, index) => index * day);
    const { port, requests } = await startChunks(all);
    const whole = { startMs: 0, endMs: 365 * day, matchers };
    expect(timesOf(await post(port, encodeReadRequest([whole])))).toEqual([all]);
    const windows = requests.flatMap(({ queries }) => queries);
    expect(windows.map(({ startMs }) => startMs / day)).toEqual(
      Array.from({ length: 12 }, (_, index) => 31 * index),
    );
    expect(windows.every(({ startMs, endMs }) => endMs - startMs < 31 * day)).toBe(true);
    expect(windows.at(-1)?.endMs).toBe(whole.endMs);
  });

  it('is refused if it asks for the same stream of chunks twice', async () => {
    const { port, requests } = await startChunks([1]);
    const one = { startMs: 1, endMs: 2, matchers };
    const twice = encodeReadRequest([one, one], ['streamed-chunks', 'samples']);
    expect((await post(port, twice)).status).toBe(400);
    expect(requests).toEqual([]);
  });

  it.each([
    ['samples that are not in order', [5, 4]],
    ['a sample twice', [5, 5]],
  ])('fails for %s', async (_, times) => {
    const { port } = await startChunks(times);
    expect((await post(port, encodeReadRequest([{ startMs: 1, endMs: 9, matchers }]))).status).toBe(502);
  });
});

describeWith(['prometheus'], 'a remote read through a gate', ({ prometheus }) => {
  it('gives a portal and a real Prometheus past samples of usage only', async () => {
    const { url: exporter } = await startUpstream((_, response) => {
      response
        .writeHead(200, plainText)
        .end('project_mb_usage{project_name="Größe"} 1.5\noutside_secret 1\n');
    });
    const folder = temporaryFolder();
    const site = await startPrometheus(
      prometheus,
      `${folder}/site`,
      `global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: project_usages, static_configs: [{ targets: ['${exporter.host}'] }] }
`,
    );
    await queryEventually(site, 'project_mb_usage');
    const { gate } = await startGate({ source: { kind: 'prometheus', url: new URL(site.url) } });

    const samples = await post(gate.address.port, encodeReadRequest([query(usage)]));
    const [series] = decodeReadResponse(samples.body, 1_000_000);
    expect(series?.map(({ name, labels }) => [name, labels['project_name']])).toEqual([
      ['project_mb_usage', 'Größe'],
    ]);
    expect(series?.[0]?.samples[0]?.value).toBe(1.5);

    const insisting = encodeReadRequest([query(usage)], ['streamed-chunks']);
    // vmctl sends this content type.
    const streamed = await post(gate.address.port, insisting, { 'content-type': CHUNKED_TYPE });
    expect(streamed.type).toBe(CHUNKED_TYPE);
    const { messages } = new FrameSplitter().push(streamed.body);
    expect(messages.flatMap(decodeChunkedResponse).map(({ labels }) => readSeries(labels).name)).toEqual([
      'project_mb_usage',
    ]);

    const reader = await startPrometheus(
      prometheus,
      `${folder}/reader`,
      `remote_read:
  - url: http://127.0.0.1:${gate.address.port}/api/v1/read
    authorization: { credentials: '${TOKEN}' }
    read_recent: true
`,
    );
    const read = await queryEventually(reader, '{job="project_usages",__name__="project_mb_usage"}');
    expect(read.map(({ metric, value }) => [metric['project_name'], value])).toEqual([['Größe', 1.5]]);
    await expect.poll(() => reader.query('project_mb_usage{job="project_usages"}')).toHaveLength(1);
  });
});
