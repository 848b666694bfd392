import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createGate, type Gate } from '../src/gate/server.ts';
import type { GateConfig } from '../src/gate/settings.ts';
import type { TlsFiles } from '../src/gate/tls.ts';
import { hashToken } from '../src/gate/tokens.ts';
import { parseExposition } from '../src/prometheus/text-format-parser.ts';
import { systemClock, type Clock } from '../src/runtime/clock.ts';
import { closeServer, listen } from '../src/runtime/listen.ts';
import { createLogger } from '../src/runtime/logger.ts';
import { describeWith } from './describe-with.ts';
import { eventually, temporaryFolder } from './processes.ts';
import { queryEventually, startPrometheus } from './prometheus-server.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const TOKEN = 'swordfish-swordfish-swordfish-swordfish-swo';
const USAGE = '{job="project_usages",__name__=~"project_.*_usage"}';

async function startUpstream(handler: RequestListener): Promise<{ url: URL; close(): Promise<void> }> {
  const server = createServer(handler);
  const { port } = await listen(server, LOOPBACK);
  const close = async () => await closeServer(server, 0);
  onTestFinished(close);
  return { url: new URL(`http://127.0.0.1:${port}`), close };
}

interface StartedGate {
  gate: Gate;
  /** Everything that it has logged. */
  log: () => string;
  get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** False where the answer broke off. */
  complete: boolean;
}

async function startGate(config: Partial<GateConfig>, clock: Clock = systemClock): Promise<StartedGate> {
  let lines = '';
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines += chunk.toString();
      done();
    },
  });
  const gate = createGate(
    {
      listen: LOOPBACK,
      authToken: TOKEN,
      source: { kind: 'exporter', url: new URL('http://127.0.0.1:1') },
      ...config,
    },
    { clock, logger: createLogger({ destination, pretty: false }) },
  );
  onTestFinished(async () => await gate.close());
  await gate.start();
  const authorization = `Bearer ${TOKEN}`;
  return {
    gate,
    log: () => lines,
    get: async (path, headers = {}) =>
      await get(`http://127.0.0.1:${gate.address.port}${path}`, { authorization, ...headers }),
  };
}

async function get(url: string, headers: Record<string, string>, ca?: string): Promise<Answer> {
  const options = { headers, agent: false as const, ...(ca === undefined ? {} : { ca }) };
  return await new Promise((resolve, reject) => {
    const outgoing = (url.startsWith('https') ? tlsRequest : request)(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', () => undefined);
      incoming.on('close', () => {
        const body = Buffer.concat(chunks);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body,
          text: body.toString(),
          complete: incoming.complete,
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Writes bytes to the gate as they are; resolves with all that comes back until it closes the connection. */
async function sendRaw({ gate }: StartedGate, bytes: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(gate.address.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const federate = (...selectors: string[]) =>
  `/federate?${selectors.map((selector) => `match%5B%5D=${encodeURIComponent(selector)}`).join('&')}`;

const plainText = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };

describe('a gate in front of a Prometheus', () => {
  it('forwards what it has parsed, and nothing else of the request', async () => {
    const seen: unknown[] = [];
    const upstream = await startUpstream((incoming, response) => {
      seen.push([incoming.method, incoming.url, incoming.headers]);
      response.writeHead(200, { ...plainText, 'x-secret': 'y', 'set-cookie': 'z' }).end('a 1\n');
    });
    const { get: ask } = await startGate({
      source: { kind: 'prometheus', url: new URL('/prom/', upstream.url) },
    });
    const answer = await ask(federate('project_mb_usage{job="project_usages"}'), {
      'x-forwarded-for': 'x',
      cookie: 'c',
      accept: 'application/vnd.google.protobuf',
    });
    expect([answer.status, answer.text]).toEqual([200, 'a 1\n']);
    expect(Object.keys(answer.headers).sort()).toEqual([
      'cache-control',
      'connection',
      'content-type',
      'date',
      'transfer-encoding',
    ]);
    const forwarded = encodeURIComponent(
      '{__name__="project_mb_usage",job="project_usages",__name__=~"project_.*_usage"}',
    );
    expect(seen).toEqual([
      [
        'GET',
        `/prom/federate?match%5B%5D=${forwarded.replaceAll('~', '%7E')}`,
        {
          host: upstream.url.host,
          connection: 'keep-alive',
          accept: 'text/plain;version=0.0.4',
          'accept-encoding': 'identity',
          'user-agent': 'stackmeter-gate',
        },
      ],
    ]);
  });

  it('passes gzip through as it is to those that take it', async () => {
    const packed = gzipSync('a 1\n');
    const upstream = await startUpstream((incoming, response) => {
      const gzip = incoming.headers['accept-encoding'] === 'gzip';
      response.writeHead(200, { ...plainText, ...(gzip ? { 'content-encoding': 'gzip' } : {}) });
      response.end(gzip ? packed : 'a 1\n');
    });
    const { get: ask, log } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    const answer = await ask(federate(USAGE), { 'accept-encoding': 'gzip' });
    expect([answer.headers['content-encoding'], answer.body]).toEqual(['gzip', packed]);
    expect((await ask(federate(USAGE))).text).toBe('a 1\n');
    await eventually(
      async () => await Promise.resolve(log().split('"msg":"federated"').length === 3 || undefined),
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
  ])('answers 502 and one line that says nothing for %s', async (_, handler) => {
    const upstream = await startUpstream(handler);
    const { get: ask, log } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    const answer = await ask(federate(USAGE));
    expect([answer.status, answer.text]).toEqual([502, 'the source of usage is out of order\n']);
    expect(log()).toContain('an answer failed');
  });

  it('answers 502 when Prometheus is down', async () => {
    const upstream = await startUpstream(() => undefined);
    await upstream.close();
    const { get: ask } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    expect((await ask(federate(USAGE))).status).toBe(502);
  });

  it.each<[string, Record<string, string>]>([
    ['announced', { 'content-length': '100' }],
    ['in pieces', {}],
  ])('breaks off an answer that breaks off, %s', async (_, headers) => {
    const upstream = await startUpstream((__, response) => {
      response.writeHead(200, { ...plainText, ...headers });
      response.write('a 1\n', () => response.destroy());
    });
    const { get: ask, log } = await startGate({ source: { kind: 'prometheus', url: upstream.url } });
    const answer = await ask(federate(USAGE));
    expect([answer.status, answer.text, answer.complete]).toEqual([200, 'a 1\n', false]);
    await eventually(async () => await Promise.resolve(log().includes('an answer broke off') || undefined));
  });

  it('stops asking when the client is gone', async () => {
    let gone = false;
    const upstream = await startUpstream((_, response) => {
      response.writeHead(200, plainText);
      response.write('a 1\n');
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

describe('a gate', () => {
  it('answers each refusal by status and one line, and never logs what it was sent', async () => {
    const started = await startGate({});
    const { get: ask, log } = started;
    const outcomes: [string, number, string][] = [];
    for (const [path, headers] of [
      ['/metrics', {}],
      ['/healthz', { authorization: '' }],
      [federate(USAGE), { authorization: 'Bearer wrong-token' }],
      [federate(USAGE), { authorization: '' }],
      ['/federate?match[]=up&secret-query=1', {}],
      [federate('{job="secret-job"}'), {}],
      [federate(USAGE, 'up'), {}],
    ] as const) {
      const { status, text } = await ask(path, headers);
      outcomes.push([path.slice(0, 20), status, text]);
    }
    expect(outcomes).toEqual([
      ['/metrics', 404, 'there is nothing here\n'],
      ['/healthz', 200, 'ok\n'],
      ['/federate?match%5B%5', 401, 'the token is not valid\n'],
      ['/federate?match%5B%5', 401, 'a bearer token is needed\n'],
      ['/federate?match[]=up', 400, 'match[] is the only parameter\n'],
      ['/federate?match%5B%5', 403, 'selector 1 is not within what this gate gives out\n'],
      ['/federate?match%5B%5', 403, 'selector 2 is not within what this gate gives out\n'],
    ]);
    expect(log()).toContain('"tokenName":"environment"');
    expect(log()).not.toMatch(/secret|wrong-token|swordfish/);
  });

  it('answers what is not a proper request, and ends the connection', async () => {
    const started = await startGate({});
    const host = 'Host: x\r\n';
    const auth = `Authorization: Bearer ${TOKEN}\r\n`;
    const statusOf = async (bytes: string) => Number((await sendRaw(started, bytes)).split(' ')[1]);
    expect(await statusOf('nonsense\r\n\r\n')).toBe(400);
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${auth}\r\n`)).toBe(400);
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${host}X: ${'x'.repeat(40_000)}\r\n\r\n`)).toBe(431);
    expect(await statusOf(`GET http://x/federate HTTP/1.1\r\n${host}${auth}\r\n`)).toBe(404);
    expect(await statusOf(`GET //federate HTTP/1.1\r\n${host}${auth}\r\n`)).toBe(404);
    expect(await statusOf(`HEAD /federate HTTP/1.1\r\n${host}${auth}\r\n`)).toBe(405);
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${host}${auth}${auth}\r\n`)).toBe(401);
    expect(await statusOf(`GET /federate HTTP/1.1\r\n${host}${auth}Content-Length: 3\r\n\r\nabc`)).toBe(400);
    expect(await statusOf(`GET ${federate(USAGE)} HTTP/1.0\r\n${host}${auth}\r\n`)).toBe(505);
    expect(
      await statusOf(
        `GET /federate HTTP/1.1\r\n${host}${auth}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ),
    ).toBe(400);
    expect(await sendRaw(started, `CONNECT x:1 HTTP/1.1\r\n${host}\r\n`)).toBe('');
  });

  it('reads its tokens again on reload, and keeps the old ones when the file is wrong', async () => {
    const tokenFile = join(temporaryFolder(), 'tokens');
    const line = (token: string) => `${token} sha256:${hashToken(token).toString('hex')}\n`;
    writeFileSync(tokenFile, line('one'));
    const { gate, get: ask } = await startGate({ tokenFile, authToken: undefined });
    const statusWith = async (token: string) =>
      (await ask(federate(USAGE), { authorization: `Bearer ${token}` })).status;
    expect([await statusWith('one'), await statusWith('two')]).toEqual([200, 401]);
    appendFileSync(tokenFile, line('two'));
    await gate.reload();
    expect([await statusWith('one'), await statusWith('two')]).toEqual([200, 200]);
    writeFileSync(tokenFile, 'two words\n');
    await expect(gate.reload()).rejects.toThrow(`${tokenFile}:1: `);
    expect([await statusWith('one'), await statusWith('two')]).toEqual([200, 200]);
  });
});

describeWith(['openssl'], 'a gate with TLS', ({ openssl }) => {
  it('serves TLS 1.2 and later, and takes a new certificate on reload', async () => {
    const folder = temporaryFolder();
    const [first, second] = [
      makeCertificate(openssl, folder, 'first'),
      makeCertificate(openssl, folder, 'second'),
    ];
    const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    install(first, tls);
    const { gate } = await startGate({ tls });
    const url = `https://localhost:${gate.address.port}/healthz`;
    expect((await get(url, {}, first.cert)).text).toBe('ok\n');
    await expect(oldTls(gate.address.port)).rejects.toThrow(/alert|unsupported|version/i);
    install(second, tls);
    await gate.reload();
    expect((await get(url, {}, second.cert)).text).toBe('ok\n');
    await expect(get(url, {}, first.cert)).rejects.toThrow(/certificate/);
    copyFileSync(first.keyFile, tls.keyFile);
    await expect(gate.reload()).rejects.toThrow(/are not a certificate and its key/);
    expect((await get(url, {}, second.cert)).text).toBe('ok\n');
  });
});

interface Certificate {
  cert: string;
  certFile: string;
  keyFile: string;
}

/** A self-signed certificate for localhost. */
function makeCertificate(openssl: string, folder: string, name: string): Certificate {
  const [certFile, keyFile] = [join(folder, `${name}.cert`), join(folder, `${name}.key`)];
  execFileSync(
    openssl,
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
      .concat(['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'])
      .concat(['-out', certFile, '-keyout', keyFile]),
    { stdio: 'pipe' },
  );
  return { cert: readFileSync(certFile, 'utf8'), certFile, keyFile };
}

function install({ certFile, keyFile }: Certificate, tls: TlsFiles): void {
  copyFileSync(certFile, tls.certFile);
  copyFileSync(keyFile, tls.keyFile);
}

/** Connects as a client of 2007 would. */
async function oldTls(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = tlsConnect(
      {
        port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      },
      () => {
        socket.destroy();
        resolve();
      },
    );
    socket.on('error', reject);
  });
}

/** A clock that stands still until it is set. */
function settableClock(nowMs: number): Clock & { set(nowMs: number): void } {
  let now = nowMs;
  return { ...systemClock, nowMs: () => now, set: (to) => (now = to) };
}

describe('a gate in front of an exporter', () => {
  const NOW = 1_700_000_000_000;
  const usageAt = (instance: string, value: string, timeMs: number) =>
    `# TYPE project_mb_usage untyped\nproject_mb_usage{instance="${instance}",job="project_usages",project_id="1"} ${value} ${timeMs}\n`;

  it('answers as a Prometheus that scrapes it, and gives out usage alone', async () => {
    const upstream = await startUpstream((_, response) => {
      response.writeHead(200, plainText);
      response.end('up 1\nproject_mb_usage{project_id="1"} 1.5\nprocess_cpu_seconds_total 3\n');
    });
    const { get: ask, log } = await startGate(
      { source: { kind: 'exporter', url: upstream.url } },
      settableClock(NOW),
    );
    const expected = usageAt(upstream.url.host, '1.5', NOW);
    const plain = await ask(federate(USAGE));
    expect([plain.status, plain.headers['content-type'], plain.text]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      expected,
    ]);
    const packed = await ask(federate(USAGE), { 'accept-encoding': 'gzip' });
    expect([packed.headers['content-encoding'], gunzipSync(packed.body).toString()]).toEqual([
      'gzip',
      expected,
    ]);
    expect((await ask(federate('{job="project_usages",__name__=~".+"}'))).status).toBe(403);
    expect((await ask(federate('project_x_usage{job="project_usages"}'))).text).toBe('');
    await eventually(
      async () => await Promise.resolve(log().split('"msg":"federated"').length === 4 || undefined),
    );
    expect(log()).not.toContain('"level":"warn"');
  });

  it('asks the exporter once for all who ask within five seconds', async () => {
    let scrapes = 0;
    const upstream = await startUpstream((incoming, response) => {
      scrapes++;
      expect(incoming.url).toBe('/metrics');
      response.writeHead(200, plainText).end(`project_mb_usage{project_id="1"} ${scrapes}\n`);
    });
    const clock = settableClock(NOW);
    const { get: ask } = await startGate({ source: { kind: 'exporter', url: upstream.url } }, clock);
    const texts = async () =>
      (await Promise.all([1, 2, 3].map(async () => await ask(federate(USAGE))))).map(({ text }) => text);
    const first = usageAt(upstream.url.host, '1', NOW);
    expect(await texts()).toEqual([first, first, first]);
    clock.set(NOW + 4999);
    expect(await texts()).toEqual([first, first, first]);
    clock.set(NOW + 5000);
    const second = usageAt(upstream.url.host, '2', NOW + 5000);
    expect(await texts()).toEqual([second, second, second]);
  });

  it.each<[string, RequestListener]>([
    ['refuses', (_, response) => void response.writeHead(503).end('project_mb_usage 9\n')],
    [
      'breaks off',
      (_, response) => void response.writeHead(200).write('project_mb_usage 9\n', () => response.destroy()),
    ],
    ['answers nonsense', (_, response) => void response.end('project_mb_usage 9\nproject_mb_usage{\n')],
    [
      'is not in UTF-8',
      (_, response) => void response.end(Buffer.from('project_mb_usage{a="\xff"} 9\n', 'latin1')),
    ],
  ])(
    'keeps the last complete answer, with its times, for five minutes when the exporter %s',
    async (_, failure) => {
      let handler: RequestListener = (__, response) =>
        void response.end('project_mb_usage{project_id="1"} 1\n');
      const upstream = await startUpstream((incoming, response) => handler(incoming, response));
      const clock = settableClock(NOW);
      const { get: ask, log } = await startGate({ source: { kind: 'exporter', url: upstream.url } }, clock);
      const expected = usageAt(upstream.url.host, '1', NOW);
      expect((await ask(federate(USAGE))).text).toBe(expected);
      handler = failure;
      clock.set(NOW + 60_000);
      expect((await ask(federate(USAGE))).text).toBe(expected);
      clock.set(NOW + 300_000);
      expect((await ask(federate(USAGE))).text).toBe(expected);
      clock.set(NOW + 300_001);
      const late = await ask(federate(USAGE));
      expect([late.status, late.text]).toEqual([200, '']);
      expect(log().match(/the exporter does not answer/g)).toHaveLength(1);
    },
  );

  it('answers with nothing before the exporter has ever answered', async () => {
    const { get: ask } = await startGate({});
    const answer = await ask(federate(USAGE));
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describeWith(['prometheus'], 'a gate with a real Prometheus', ({ prometheus }) => {
  const exposition = String.raw`# HELP project_mb_usage MiB-hours
# TYPE project_mb_usage gauge
project_mb_usage{project_id="2",project_name="back\\slash \"quote\" new\nline",domain_id="d"} 1e+21
project_mb_usage{project_id="1",project_name="שלום Größe 😀",domain_id="d",job="mine"} 0.1
project_mb_usage{project_id="3",project_name="",domain_id="d",instance="own"} NaN
# TYPE project_vcpu_usage counter
project_vcpu_usage{project_id="1"} 17
stackmeter_exporter_epoch_info{epoch="e"} 1
process_cpu_seconds_total 5
`;

  it('gives out the same through Prometheus as from the exporter, and nothing else', async () => {
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
    const [answered, expected] = [await from.get(path), await through.get(path)];
    const withoutTimes = ({ text }: Answer) =>
      text
        .replaceAll(/ \d{13}$/gm, '')
        .split('\n')
        .sort();
    expect(withoutTimes(answered)).toEqual(withoutTimes(expected));
    expect(parseExposition(answered.text).map(({ name }) => name)).toEqual([
      'project_mb_usage',
      'project_mb_usage',
      'project_mb_usage',
      'project_vcpu_usage',
      'stackmeter_exporter_epoch_info',
    ]);
    expect((await through.get(federate('up{job="project_usages"}'))).status).toBe(403);
    const one = await through.get(
      federate(
        String.raw`project_mb_usage{job='project_usages',project_name="back\\slash \"quote\" new\nline"}`,
      ),
    );
    expect(parseExposition(one.text).map(({ value }) => value)).toEqual([1e21]);
  });
});
