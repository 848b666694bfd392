import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAddresses } from '../../src/runtime/http/client-addresses.ts';
import type { TokenTable } from '../../src/gate/tokens/token-table.ts';
import { hashToken } from '../../src/gate/tokens/tokens.ts';
import { decodeReadRequest } from '../../src/prometheus/remote/remote-read.ts';
import { formatSelector } from '../../src/prometheus/selectors/selectors.ts';
import { SERVER_SELECTORS, USAGE_SELECTORS } from '../../src/prometheus/usage-metrics.ts';
import { describeWith } from '../support/describe-with.ts';
import { type Attack, BARRED, USAGE, USAGE_QUERY } from '../attacks/attack.ts';
import { ATTACKS } from '../attacks/list.ts';
import { START_MS } from '../attacks/read-requests.ts';
import { issue, makeCa } from '../support/certificate-authority.ts';
import { CHUNKED_TYPE, chunkedAnswer, labelBytes } from './chunked-answer.ts';
import { federate, plainText, startGate, startUpstream, TOKEN } from './harness.ts';
import { eventually, freePort, startProgram, temporaryFolder } from '../support/processes.ts';
import { queryEventually, startPrometheus } from '../support/prometheus-server.ts';

const configuration = fileURLToPath(new URL('../../deploy/haproxy/haproxy.cfg', import.meta.url));
const PROPER = `GET /federate?${USAGE_QUERY} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`;

const READ_PATH = 'POST /api/v1/read';
/** The question that a proper request makes the gate ask upstream; any other question is a breach. */
const FORWARDED =
  /^GET \/federate\?match%5B%5D=%7Bjob%3D%22project_usages%22%2C__name__%3D(?:~|%7E)%22project_.(?:\*|%2A)_usage%22%2C__name__%21%3D%22project_server_usage%22(?:%2C__name__%21%3D%22stackmeter_exporter_flavor_info%22)?%7D$/;
const READ = `${READ_PATH} ${USAGE.slice(0, -1)},__name__!="project_server_usage",__name__!="stackmeter_exporter_flavor_info"} streamed-chunks`;
const isForwarded = (question: string) => FORWARDED.test(question) || question === READ;
/** The headers that a gate itself sets. */
const OWN_HEADERS = ['host', 'accept', 'accept-encoding', 'user-agent', 'connection'];
const OWN_READ_HEADERS = [...OWN_HEADERS, 'content-type', 'content-encoding', 'content-length'];
OWN_READ_HEADERS.push('x-prometheus-remote-read-version');

/** Starts an upstream that answers improper questions with a secret, and records all questions. */
async function startRecorder() {
  const questions: string[] = [];
  const { url } = await startUpstream((incoming, response) => void record(incoming, response));
  const record = async (incoming: IncomingMessage, response: ServerResponse) => {
    const question = await questionOf(incoming);
    questions.push(question);
    if (question.startsWith(READ_PATH)) return answerRead(response, isForwarded(question));
    const usage = isForwarded(question) ? 'project_a_usage{job="project_usages"} 1\n' : 'outside_secret 1\n';
    response.writeHead(200, plainText).end(usage);
  };
  return { url, questions };
}

/** A request upstream as a line: method and path, selectors of a remote read, and headers that no gate sets. */
async function questionOf(incoming: IncomingMessage): Promise<string> {
  const body = Buffer.concat((await incoming.toArray().catch(() => [])) as Buffer[]);
  const line = `${incoming.method} ${incoming.url}`;
  const own = line === READ_PATH ? OWN_READ_HEADERS : OWN_HEADERS;
  const foreign = Object.entries(incoming.headers)
    // HAProxy sends `content-length: 0` with a request without a body.
    .filter(([name, value]) => !own.includes(name) && !(name === 'content-length' && value === '0'))
    .map(([name]) => name);
  return [line, ...(line === READ_PATH ? readOf(body) : []), ...foreign].join(' ');
}

function readOf(body: Buffer): string[] {
  try {
    const { queries, accepted } = decodeReadRequest(body, 1_000_000);
    return [queries.map(({ matchers }) => formatSelector(matchers)).join(), ...accepted];
  } catch {
    return ['a body that is not a remote read'];
  }
}

function answerRead(response: ServerResponse, proper: boolean): void {
  const labels = labelBytes(
    proper ? { __name__: 'project_a_usage', job: 'project_usages' } : { __name__: 'outside_secret' },
  );
  response
    .writeHead(200, { 'content-type': CHUNKED_TYPE })
    .end(chunkedAnswer([{ labels, samples: [{ timestampMs: START_MS, high: 0, low: 0 }] }]));
}

/** How long an attacker waits without an answer before it closes the connection. */
const PATIENCE_MS = 1000;
/** A proper request is always answered, however slow the machine is. */
const LONG_PATIENCE_MS = 120_000;

/** Sends bytes; resolves with the bytes that come back until the other side closes or is silent. */
async function exchange(
  open: () => Socket,
  event: string,
  bytes: string,
  patienceMs = PATIENCE_MS,
): Promise<string> {
  return await new Promise((resolve) => {
    const socket = open();
    let answer = '';
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.once(event, () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

type Send = (bytes: string, patienceMs?: number) => Promise<string>;

const plainTo =
  (port: number): Send =>
  async (bytes, patienceMs) =>
    await exchange(() => connect(port, '127.0.0.1'), 'connect', bytes, patienceMs);

const tlsTo =
  (port: number): Send =>
  async (bytes, patienceMs) =>
    await exchange(
      () => tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }),
      'secureConnect',
      bytes,
      patienceMs,
    );

/** Sends an attack; describes the breach if the attack gets through. */
async function breachOf(attack: Attack, send: Send, questions: string[]): Promise<string | undefined> {
  const before = questions.length;
  const answer = await send(attack.bytes.replaceAll('{TOKEN}', TOKEN));
  const reached = questions.slice(before);
  const allowed = attack.proper ?? 0;
  const succeeded = [...answer.matchAll(/^HTTP\/1\.[01] 2\d\d([^]*?)\r\n\r\n(.*)/gm)].filter(
    ([, head = '', line = '']) => line !== 'ok' && !(isAnswerToHead(head) && line.startsWith('HTTP/1.1 4')),
  );
  const fine =
    reached.length <= allowed &&
    reached.every(isForwarded) &&
    succeeded.length <= allowed &&
    // A gate that answers 500 has failed before it decided.
    !/outside|swordfish|^HTTP\/1\.[01] 500/m.test(answer);
  return fine
    ? undefined
    : `${attack.class}, ${attack.name} (for ${attack.reaches}): upstream got ${reached.join(', ')}; ${answer.slice(0, 300)}`;
}

/** The answer to HEAD /healthz has no body: the head of the next answer follows at once. */
const isAnswerToHead = (head: string) => /^content-length: 3\r?$/im.test(head);

async function breaches(send: Send, questions: string[]): Promise<string[]> {
  const found: (string | undefined)[] = [];
  for (const attack of ATTACKS) found.push(await breachOf(attack, send, questions));
  return found.filter((breach) => breach !== undefined);
}

/** Expects that a proper request gets usage. */
async function expectToServe(send: Send): Promise<void> {
  expect(await send(PROPER, LONG_PATIENCE_MS)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*project_a_usage/);
}

describe('the list of attacks', () => {
  it('has more than 500 different attacks in 19 classes', () => {
    expect(ATTACKS.length).toBeGreaterThan(500);
    expect(new Set(ATTACKS.map((attack) => attack.class)).size).toBe(19);
    expect(new Set(ATTACKS.map((attack) => `${attack.class}: ${attack.name}`)).size).toBe(ATTACKS.length);
    expect(new Set(ATTACKS.map(({ bytes }) => bytes)).size).toBe(ATTACKS.length);
  });

  it('causes breaches that the test notices if there is no gate', async () => {
    const { url, questions } = await startRecorder();
    expect((await breaches(plainTo(Number(url.port)), questions)).length).toBeGreaterThan(250);
  });
});

/** A token that the gate knows but must not accept from an attacker. */
const barredToken = (name: keyof typeof BARRED, more: Partial<TokenTable>): TokenTable => ({
  name,
  hash: hashToken(BARRED[name]),
  expiresMs: undefined,
  selectors: undefined,
  dropLabels: [],
  hashLabels: [],
  limits: {},
  addresses: undefined,
  certificate: undefined,
  ...more,
});

/** Makes a certificate for the gate, and an authority in place of the portal's. */
async function makeTls() {
  const folder = temporaryFolder();
  const [ca, clientCa] = [await makeCa('gate CA'), await makeCa('portal CA')];
  const pair = await issue(ca, 'localhost');
  const files = {
    certFile: join(folder, 'cert'),
    keyFile: join(folder, 'key'),
    clientCaFile: join(folder, 'ca'),
  };
  writeFileSync(files.certFile, pair.cert);
  writeFileSync(files.keyFile, pair.key);
  writeFileSync(files.clientCaFile, clientCa.cert);
  return files;
}

describe('a gate under attack', () => {
  it.each([
    ['checked', false],
    ['not checked', true],
  ])('forwards no attack, and logs no token, with answers %s', async (_, unchecked) => {
    const { url, questions } = await startRecorder();
    const { gate, log } = await startGate({
      source: { kind: 'prometheus', url },
      unsafeUncheckedAnswers: unchecked,
      tls: await makeTls(),
      tokens: [
        barredToken('expired', { expiresMs: Date.now() - 1 }),
        barredToken('elsewhere', { addresses: parseAddresses(['203.0.113.7']) }),
        barredToken('certified', { certificate: { commonName: 'portal' } }),
      ],
    });
    const send = tlsTo(gate.address.port);
    await expectToServe(send);
    expect(await breaches(send, questions)).toEqual([]);
    await expectToServe(send);
    expect(log()).not.toContain('swordfish');
  });
});

describeWith(['prometheus'], 'a gate under attack, with a real Prometheus behind it', ({ prometheus }) => {
  it('gives out only usage', async () => {
    const { url: exporter } = await startUpstream((_, response) => {
      response
        .writeHead(200, plainText)
        .end('project_a_usage 1\noutside_secret 1\nproject_server_usage{flavor="outside"} 1\n');
    });
    const server = await startPrometheus(
      prometheus,
      temporaryFolder(),
      `global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: project_usages, static_configs: [{ targets: ['${exporter.host}'] }] }
  - { job_name: outside, static_configs: [{ targets: ['${exporter.host}'] }] }
`,
    );
    await queryEventually(
      server,
      'outside_secret{job="outside"} and on () project_a_usage{job="project_usages"}',
    );
    const { gate } = await startGate({ source: { kind: 'prometheus', url: new URL(server.url) } });
    const send = plainTo(gate.address.port);
    await expectToServe(send);
    expect(await breaches(send, [])).toEqual([]);
  });
});

/** HAProxy 2.6 of Debian 12, and 3.0 of Debian 13. */
describe.each([
  ['haproxy', 'HAProxy version 2.'],
  ['haproxy-3', 'HAProxy version 3.0'],
] as const)('with %s,', (name, version) => {
  describeWith([name, 'openssl'], 'deploy/haproxy/haproxy.cfg', ({ [name]: program, openssl }) => {
    it('runs on the version that this test is for', () => {
      expect(execFileSync(program, ['-v'], { encoding: 'utf8' })).toContain(version);
    });

    it('forwards no attack, and logs no token', async () => {
      const { url, questions } = await startRecorder();
      const { port, log } = await startHaproxy(program, openssl, url.host);
      const send = tlsTo(port);
      await expectToServe(send);
      expect(await breaches(send, questions)).toEqual([]);
      await expectToServe(send);
      expect(log()).not.toContain('swordfish');
      expect(log()).toContain('"reason":"policy"');
    });

    it('gives out server hours only on request, to a portal that asks for them', async () => {
      const { url, questions } = await startRecorder();
      const selectors = [...USAGE_SELECTORS, ...SERVER_SELECTORS];
      const ask = async (env: Record<string, string>) => {
        const { port } = await startHaproxy(program, openssl, url.host, env);
        const head = `GET ${federate(...selectors).replaceAll('*', '%2A')} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer ${TOKEN}\r\n`;
        return await tlsTo(port)(`${head}Connection: close\r\n\r\n`, LONG_PATIENCE_MS);
      };
      expect(await ask({})).toMatch(/^HTTP\/1\.1 403 /);
      expect(questions).toEqual([]);
      expect(await ask({ GATE_SERVER_HOURS: 'true' })).toMatch(/^HTTP\/1\.1 200 /);
      expect(
        questions.map((question) => new URL(question.slice(4), url).searchParams.getAll('match[]')),
      ).toEqual([
        [
          '{job="project_usages",__name__=~"project_.*_usage",__name__!="project_server_usage"}',
          '{job="project_usages",__name__=~"stackmeter_exporter_.+",__name__!="stackmeter_exporter_flavor_info"}',
          ...SERVER_SELECTORS,
        ],
      ]);
    });

    it('does not start without a token', async () => {
      const running = startProgram(program, ['-c', '-f', configuration], { env: { PORTAL_AUTH_TOKEN: '' } });
      expect([await running.exited, running.output()]).toEqual([
        1,
        expect.stringContaining('PORTAL_AUTH_TOKEN is empty'),
      ]);
    });
  });
});

async function startHaproxy(program: string, openssl: string, upstream: string, env = {}) {
  const folder = temporaryFolder();
  const certificate = join(folder, 'gate.pem');
  makePem(openssl, folder, certificate);
  const port = await freePort();
  const running = startProgram(program, ['-db', '-f', configuration], {
    env: {
      PORTAL_AUTH_TOKEN: TOKEN,
      GATE_LISTEN: `127.0.0.1:${port}`,
      GATE_CERTIFICATE: certificate,
      PROMETHEUS_ADDRESS: upstream,
      ...env,
    },
  });
  onTestFinished(async () => void (await running.stop('SIGTERM')));
  const send = tlsTo(port);
  await eventually(async () =>
    (await send('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).includes('ok')
      ? true
      : undefined,
  );
  return { port, log: () => running.output() };
}

function makePem(openssl: string, folder: string, target: string): void {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    openssl,
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ].concat(['-subj', '/CN=gate', '-addext', 'subjectAltName=DNS:localhost', '-out', cert, '-keyout', key]),
    { stdio: 'pipe' },
  );
  writeFileSync(target, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
}
