import { writeFileSync } from 'node:fs';
import { request, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { issue, makeCa } from '../support/certificate-authority.ts';
import { describeWith } from '../support/describe-with.ts';
import { type Answer, TOKEN, USAGE, federate, get, plainText, startGate, startUpstream } from './harness.ts';
import { eventually, freePort, startProgram, temporaryFolder } from '../support/processes.ts';

const authorization = `Bearer ${TOKEN}`;
const GZIP = { 'accept-encoding': 'gzip' };
/** An answer that is larger than the part that nginx keeps in memory. */
const USAGES = Array.from(
  { length: 20_000 },
  (_, index) => `project_mb_usage{job="project_usages",project_id="${index}"} ${index}\n`,
).join('');

/** Starts nginx with its default settings for requests to `target`: HTTP/1.0, a connection for each request. */
async function startNginx(program: string, target: string): Promise<string> {
  const folder = temporaryFolder();
  const port = await freePort();
  const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${name};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid nginx.pid; error_log stderr;
events {}
http {
  access_log off; ${kept.join(' ')}
  server { listen 127.0.0.1:${port}; location / { proxy_pass ${target}; } }
}
`,
  );
  const running = startProgram(program, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  onTestFinished(async () => void (await running.stop()));
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => ((await get(`${url}/healthz`, {})).status === 200 ? true : undefined));
  return url;
}

/** Sends a request with this method; returns status and body. */
async function askBy(method: string, url: string): Promise<[status: number | undefined, body: string]> {
  return await new Promise((resolve, reject) => {
    request(url, { method, agent: false, headers: { authorization } }, (incoming) => {
      void incoming
        .toArray()
        .then((chunks) => resolve([incoming.statusCode, Buffer.concat(chunks).toString()]));
    })
      .on('error', reject)
      .end();
  });
}

const textOf = ({ headers, body }: Answer) =>
  (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();

/** Starts a gate behind nginx, which does not check the gate's certificate; returns a function that federates. */
async function startBehindNginx(
  program: string,
  scheme: 'http' | 'https',
  upstream: RequestListener,
  unsafeUncheckedAnswers: boolean,
) {
  const { gate } = await startGate({
    source: { kind: 'prometheus', url: (await startUpstream(upstream)).url },
    unsafeUncheckedAnswers,
    ...(scheme === 'https' ? { tls: await makeTls() } : {}),
  });
  const url = await startNginx(program, `${scheme}://127.0.0.1:${gate.address.port}`);
  const ask = async (headers: Record<string, string>) =>
    await get(url + federate(USAGE), { authorization, ...headers });
  return Object.assign(ask, { url });
}

async function makeTls() {
  const folder = temporaryFolder();
  const { cert, key } = await issue(await makeCa('gate CA'), 'localhost');
  const files = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') };
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
  return files;
}

/** An upstream that sends this part of an answer, and then breaks off unless the part is 1. */
const sending =
  (part: number): RequestListener =>
  ({ headers }, response) => {
    const gzip = headers['accept-encoding'] === 'gzip';
    const body = gzip ? gzipSync(USAGES) : Buffer.from(USAGES);
    response.writeHead(200, { ...plainText, ...(gzip ? { 'content-encoding': 'gzip' } : {}) });
    if (part === 1) response.end(body);
    else response.write(body.subarray(0, part * body.length), () => response.destroy());
  };
const whole = sending(1);
const breakingOff = sending(0.5);

describeWith(['nginx'], 'a gate behind nginx with its default settings', ({ nginx }) => {
  it.each([
    ['checked', false],
    ['not checked', true],
  ])('answers federations completely, plain and in gzip, with answers %s', async (_, unchecked) => {
    const ask = await startBehindNginx(nginx, 'http', whole, unchecked);
    const [plain, packed] = [await ask({}), await ask(GZIP)];
    expect([plain.status, plain.complete, textOf(plain) === USAGES]).toEqual([200, true, true]);
    expect([packed.status, packed.complete, textOf(packed) === USAGES]).toEqual([200, true, true]);
    expect(packed.headers['content-encoding']).toBe('gzip');
  });

  it('answers HEAD /healthz, and refuses remote reads because nginx asks in HTTP/1.0', async () => {
    const ask = await startBehindNginx(nginx, 'http', whole, false);
    expect(await askBy('HEAD', `${ask.url}/healthz`)).toEqual([200, '']);
    expect(await askBy('POST', `${ask.url}/api/v1/read`)).toEqual([505, 'HTTP/1.1 is needed\n']);
  });

  it.each([
    ['plain', {}],
    ['in gzip', GZIP],
  ])('shows that an answer broke off, %s', async (_, headers) => {
    const ask = await startBehindNginx(nginx, 'http', breakingOff, false);
    const { status, complete } = await ask(headers);
    expect(status === 200 && complete).toBe(false);
  });

  it('answers over TLS only in gzip, in which a broken answer lacks its end', async () => {
    const ask = await startBehindNginx(nginx, 'https', whole, false);
    expect(textOf(await ask(GZIP)) === USAGES).toBe(true);
    const plain = await ask({});
    expect([plain.status, plain.text]).toEqual([505, 'HTTP/1.1 is needed, or gzip\n']);
    const askBroken = await startBehindNginx(nginx, 'https', breakingOff, false);
    const broken = await askBroken(GZIP);
    expect(() => textOf(broken)).toThrow('unexpected end of file');
    expect(textOf(await ask(GZIP)) === USAGES).toBe(true);
  });
});
