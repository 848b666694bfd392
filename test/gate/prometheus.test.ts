import { request, type RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../src/prometheus/text-format/text-format-parser.ts';
import { SERVER_SELECTORS } from '../../src/prometheus/usage-metrics.ts';
import { describeWith } from '../support/describe-with.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';
import {
  type Answer,
  type StartedGate,
  TOKEN,
  USAGE,
  startUpstream,
  startGate,
  federate,
  plainText,
} from './harness.ts';

const LINE = 'project_mb_usage{job="project_usages"} 1\n';

describe('a gate in front of a Prometheus', () => {
  it('forwards only the selectors that it has parsed, and nothing else of the request', async () => {
    const requests: unknown[] = [];
    const upstream = await startUpstream((incoming, response) => {
      requests.push([incoming.method, incoming.url, incoming.headers]);
      response.writeHead(200, { ...plainText, 'x-secret': 'y', 'set-cookie': 'z' }).end(LINE);
    });
    const { get: ask } = await startGate({
      source: { kind: 'prometheus', url: new URL('/prom/', upstream.url) },
    });
    const answer = await ask(federate('project_mb_usage{job="project_usages"}'), {
      'x-forwarded-for': 'x',
      cookie: 'c',
      accept: 'application/vnd.google.protobuf',
    });
    expect([answer.status, answer.text]).toEqual([200, LINE]);
    expect(Object.keys(answer.headers).sort()).toEqual([
      'cache-control',
      'connection',
      'content-type',
      'date',
      'transfer-encoding',
    ]);
    const forwarded = encodeURIComponent(
      '{__name__="project_mb_usage",job="project_usages",__name__=~"project_.*_usage",' +
        '__name__!="project_server_usage",__name__!="stackmeter_exporter_flavor_info"}',
    );
    expect(requests).toEqual([
      [
        'GET',
        `/prom/federate?match%5B%5D=${forwarded.replaceAll('~', '%7E').replaceAll('!', '%21')}`,
        {
          host: upstream.url.host,
          accept: 'text/plain;version=0.0.4',
          'accept-encoding': 'identity',
          'user-agent': 'stackmeter-gate',
        },
      ],
    ]);
  });

  it('passes gzip through unchanged to clients that accept it, if answers are not checked', async () => {
    const packed = gzipSync(LINE);
    const upstream = await startUpstream((incoming, response) => {
      const gzip = incoming.headers['accept-encoding'] === 'gzip';
      response.writeHead(200, { ...plainText, ...(gzip ? { 'content-encoding': 'gzip' } : {}) });
      response.end(gzip ? packed : LINE);
    });
    const { get: ask, log } = await startGate({
      source: { kind: 'prometheus', url: upstream.url },
      unsafeUncheckedAnswers: true,
    });
    const answer = await ask(federate(USAGE), { 'accept-encoding': 'gzip' });
    expect([answer.headers['content-encoding'], answer.body]).toEqual(['gzip', packed]);
    expect((await ask(federate(USAGE))).text).toBe(LINE);
    await eventually(
      async () => await Promise.resolve(log().split('"msg":"allowed"').length === 3 || undefined),
    );
    expect(log()).not.toContain('"level":"warn"');
  });

  it.each<[string, RequestListener]>([
    ['an error', (_, response) => void response.writeHead(500).end('postgres password is x')],
    ['a redirect', (_, response) => void response.writeHead(302, { location: '/' }).end()],
    ['a refusal', (_, response) => void response.writeHead(400).end('secret')],
    [
      'a page',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<secret>'),
    ],
    [
      'another coding',
      (_, response) => void response.writeHead(200, { ...plainText, 'content-encoding': 'gzip' }).end('x'),
    ],
    [
      'no length',
      (_, response) => {
        response.socket?.end('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nsecret 1\n');
      },
    ],
    ['a broken connection', (incoming) => void incoming.socket.destroy()],
    ['no HTTP', (incoming) => void incoming.socket.end('secret\r\n\r\n')],
  ])('answers 502 and one line without details for %s', async (_, handler) => {
    const upstream = await startUpstream(handler);
    const { get: ask, log } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    const answer = await ask(federate(USAGE));
    expect([answer.status, answer.text]).toEqual([502, 'the source of usage is out of order\n']);
    expect(log()).toContain('an answer failed');
  });

  it('answers 502 if Prometheus is down', async () => {
    const upstream = await startUpstream(() => undefined);
    await upstream.close();
    const { get: ask } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    expect((await ask(federate(USAGE))).status).toBe(502);
  });

  it.each<[string, Record<string, string>]>([
    ['announced', { 'content-length': '100' }],
    ['in pieces', {}],
  ])('breaks off its answer if the upstream breaks off (%s)', async (_, headers) => {
    const upstream = await startUpstream((__, response) => {
      response.writeHead(200, { ...plainText, ...headers });
      response.write(LINE, () => response.destroy());
    });
    const { get: ask, log } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    const answer = await ask(federate(USAGE));
    expect([answer.status, answer.text, answer.complete]).toEqual([200, LINE, false]);
    await eventually(async () => await Promise.resolve(log().includes('an answer broke off') || undefined));
  });

  it('ends its request upstream if the client leaves', async () => {
    let gone = false;
    const upstream = await startUpstream((_, response) => {
      response.writeHead(200, plainText);
      response.write(LINE);
      response.on('close', () => (gone = true));
    });
    const { gate } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    const outgoing = request(`http://127.0.0.1:${gate.address.port}${federate(USAGE)}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    outgoing.on('error', () => undefined);
    outgoing.on('response', (incoming) => {
      incoming.on('error', () => undefined);
      incoming.once('data', () => outgoing.destroy());
    });
    outgoing.end();
    expect(await eventually(async () => await Promise.resolve(gone || undefined))).toBe(true);
  });
});

describeWith(['prometheus'], 'a gate with a real Prometheus', ({ prometheus }) => {
  const exposition = String.raw`# HELP project_mb_usage MiB-hours
# TYPE project_mb_usage gauge
project_mb_usage{project_id="2",project_name="back\\slash \"quote\" new\nline",domain_id="d"} 1e+21
project_mb_usage{project_id="1",project_name="שלום Größe 😀",domain_id="d",job="mine"} 0.1
project_mb_usage{project_id="3",project_name="",domain_id="d",instance="own"} NaN
project_mb_usage{project_id="4",project_name="
# TYPE x gauge
x 1
",domain_id="d"} 2
# TYPE project_vcpu_usage counter
project_vcpu_usage{project_id="1"} 17
project_server_usage{project_id="1",flavor="f/1/1/1/0/0/0",state="active"} 3
stackmeter_exporter_epoch_info{epoch="e"} 1
stackmeter_exporter_flavor_info{flavor="f/1/1/1/0/0/0"} 1
process_cpu_seconds_total 5
`;

  it('gives out the same series from Prometheus as from the exporter, and no others', async () => {
    const exporter = await startUpstream(
      (_, response) => void response.writeHead(200, plainText).end(exposition),
    );
    const server = await startPrometheus(
      prometheus,
      temporaryFolder(),
      `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: project_usages
    static_configs: [{ targets: ['${exporter.url.host}'] }]
`,
    );
    await queryEventually(server, 'project_vcpu_usage');
    const through = await startGate({ source: { kind: 'prometheus', url: new URL(server.url) } });
    const from = await startGate({ source: { kind: 'exporter', url: exporter.url } });
    const path = federate(USAGE, '{job="project_usages",__name__=~"stackmeter_exporter_.+"}');
    const withoutTimes = ({ text }: Answer) =>
      text
        .replaceAll(/ \d{13}$/gm, '')
        .split('\n')
        .sort();
    const answered = await from.get(path);
    const expected = withoutTimes(answered);
    // A scrape that takes too long hides the series until the next one.
    await expect.poll(async () => withoutTimes(await through.get(path))).toEqual(expected);
    expect(parseExposition(answered.text).map(({ name }) => name)).toEqual([
      'project_mb_usage',
      'project_mb_usage',
      'project_mb_usage',
      'project_mb_usage',
      'project_vcpu_usage',
      'stackmeter_exporter_epoch_info',
    ]);
    expect((await through.get(federate('up{job="project_usages"}'))).status).toBe(403);
    const statusOf = async ({ get: ask }: StartedGate) => (await ask(federate(...SERVER_SELECTORS))).status;
    expect([await statusOf(from), await statusOf(through)]).toEqual([403, 403]);
    const givers = [
      await startGate({ source: { kind: 'prometheus', url: new URL(server.url) }, serverHours: true }),
      await startGate({ source: { kind: 'exporter', url: exporter.url }, serverHours: true }),
    ];
    for (const { get: ask } of givers) {
      const more = async () => {
        const { text } = await ask(federate(USAGE, ...SERVER_SELECTORS));
        const names = new Set(parseExposition(text).map(({ name }) => name));
        return [...names].filter((name) => !answered.text.includes(name));
      };
      await expect.poll(more).toEqual(['project_server_usage', 'stackmeter_exporter_flavor_info']);
      await expect.poll(async () => withoutTimes(await ask(path))).toEqual(expected);
    }
    const one = federate(
      String.raw`project_mb_usage{job='project_usages',project_name="back\\slash \"quote\" new\nline"}`,
    );
    const values = async () => parseExposition((await through.get(one)).text).map(({ value }) => value);
    await expect.poll(values).toEqual([1e21]);
  });
});
