import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  decodeReadResponse,
  encodeReadRequest,
  type ReadQuery,
  seriesOfChunkedResponse,
} from '../src/prometheus/remote-read.ts';
import { toSnappy } from '../src/prometheus/snappy.ts';
import { parseSelector } from '../src/prometheus/selectors.ts';
import { describeWith } from './describe-with.ts';
import { plainText, startGate, startUpstream, TOKEN } from './gate-harness.ts';
import { temporaryFolder } from './processes.ts';
import { queryEventually, startPrometheus } from './prometheus-server.ts';

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

describe('a remote read that is not within the policy', () => {
  it('is denied, and none of it is asked', async () => {
    const asked: unknown[] = [];
    const { url } = await startUpstream((incoming, response) => {
      asked.push(incoming.url);
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
    expect(asked).toEqual([]);
  });

  it('is not answered with series that are outside it, whatever Prometheus says', async () => {
    const { url } = await startUpstream((_, response) => {
      // A ReadResponse with one series, {__name__="outside"}.
      const body = toSnappy(Buffer.from('0a170a150a130a085f5f6e616d655f5f12076f757473696465', 'hex'));
      response
        .writeHead(200, { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })
        .end(body);
    });
    const { gate, log } = await startGate({ source: { kind: 'prometheus', url } });
    expect((await post(gate.address.port, encodeReadRequest([query(usage)]))).status).toBe(502);
    expect(log()).toContain('"reason":"answer"');
  });
});

describeWith(['prometheus'], 'a remote read through a gate', ({ prometheus }) => {
  it('gives a portal and a real Prometheus the past of usage, and of nothing else', async () => {
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

    const streamedType = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';
    const insisting = encodeReadRequest([query(usage)], ['streamed-chunks']);
    // As vmctl has it.
    const streamed = await post(gate.address.port, insisting, { 'content-type': streamedType });
    expect(streamed.type).toBe(streamedType);
    // One frame: a length of one or two bytes, four of a checksum, the message.
    const start = (streamed.body[0] ?? 0) < 0x80 ? 5 : 6;
    expect(seriesOfChunkedResponse(streamed.body.subarray(start)).map(({ name }) => name)).toEqual([
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
    expect(await reader.query('project_mb_usage{job="project_usages"}')).toHaveLength(1);
  });
});
