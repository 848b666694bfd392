import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closeServer, listen } from '../../runtime/http/listen.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Snapshot } from './exposition.ts';
import { createExporterServer } from './http-server.ts';
import { newMeterState } from '../metering/meter-state.ts';
import { OwnMetrics } from './own-metrics.ts';
import { Rendering, type ShownCloud } from './rendering.ts';

const snapshot: Snapshot = {
  meter: newMeterState('e1', 0),
  sampled: new Map(),
  projects: [{ id: 'p1', name: '<b>', domain: { id: 'd1', name: 'Default' } }],
  completedMs: 0,
  durationMs: 0,
};
const shownCloud: ShownCloud = {
  cloud: undefined,
  snapshot,
  resources: ['vcpu'],
  metrics: new OwnMetrics(),
};
const rendering = new Rendering([shownCloud]);

const text = Buffer.concat(rendering.text());

async function serve(shown: Rendering | undefined): Promise<string> {
  const clouds = [shown === undefined ? { ...shownCloud, snapshot: undefined } : shownCloud];
  const view = () => ({ rendering: shown, clouds, waitingFor: 'no complete refresh yet: Nova is away' });
  const server = createExporterServer({ view, logger: silentLogger(), ownNames: ['usage.example.org'] });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return `http://127.0.0.1:${port}`;
}

type Method = 'GET' | 'HEAD' | 'POST';

async function fetchFrom(url: string, headers: Record<string, string> = {}, method: Method = 'GET') {
  const { statusCode, headers: answered, body } = await request(url, { headers, method });
  return { status: statusCode, headers: answered, body: Buffer.from(await body.arrayBuffer()) };
}

/** Sends a request in HTTP/1.0, as nginx does by default. Resolves with head and body. */
async function askOld(url: string, line: string): Promise<(string | undefined)[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write(`${line} HTTP/1.0\r\n\r\n`));
  return Buffer.concat((await socket.toArray()) as Buffer[])
    .toString()
    .split(/\r\n\r\n([^]*)/);
}

describe('the exporter over HTTP', () => {
  it.each(['/', '/metrics', '/healthz'])('answers %s in HTTP/1.0, and HEAD without a body', async (path) => {
    const url = await serve(rendering);
    const [head, body] = await askOld(url, `GET ${path}`);
    const [headOnly, nothing] = await askOld(url, `HEAD ${path}`);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(body).toBe(path === '/healthz' ? 'ok\n' : text.toString());
    expect(headOnly).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(nothing).toBe('');
  });

  it('serves the exposition, compressed for clients that accept gzip', async () => {
    const url = `${await serve(rendering)}/metrics`;
    const plain = await fetchFrom(url);
    const gzipped = await fetchFrom(url, { 'accept-encoding': 'deflate, gzip;q=0.5' });
    const refused = await fetchFrom(url, { 'accept-encoding': 'gzip;q=0' });
    expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(plain.body.equals(text)).toBe(true);
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzipped.body).equals(text)).toBe(true);
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  it('serves the exposition at / as well, and a page to browsers', async () => {
    const url = `${await serve(rendering)}/`;
    const page = (await fetchFrom(url, { accept: 'text/html,*/*' })).body.toString();
    expect((await fetchFrom(url)).body.equals(text)).toBe(true);
    expect(page).toContain('<td>&lt;b&gt;</td><td>Default</td><td class="n">0.000</td>');
  });

  it('refuses a foreign host name with 421 (DNS rebinding), except for health checks', async () => {
    const url = await serve(rendering);
    const ask = async (path: string, host: string) => await fetchFrom(url + path, { host });
    for (const path of ['/', '/metrics']) {
      const refused = await ask(path, 'evil.example:8000');
      expect([refused.status, refused.body.toString()]).toEqual([
        421,
        expect.stringMatching(/set public_url.*\n$/),
      ]);
      for (const host of ['usage.example.org', 'exporter:8000', '10.0.0.1', '[::1]:8000'])
        expect((await ask(path, host)).status).toBe(200);
    }
    expect((await ask('/healthz', 'evil.example')).status).toBe(200);
  });

  it('answers 503 with the reason before the first complete refresh, but is healthy', async () => {
    const url = await serve(undefined);
    const answers = await Promise.all(['/metrics', '/', '/healthz'].map((path) => fetchFrom(url + path)));
    expect(answers.map(({ status, body }) => [status, body.toString()])).toEqual([
      [503, 'no complete refresh yet: Nova is away\n'],
      [503, 'no complete refresh yet: Nova is away\n'],
      [200, 'ok\n'],
    ]);
    const page = await fetchFrom(url, { accept: 'text/html' });
    expect(page.status).toBe(503);
    expect(page.body.toString()).toContain('the first one runs: OpenStack is being read');
  });

  it('answers only GET and HEAD of its paths', async () => {
    const url = await serve(rendering);
    const head = await fetchFrom(`${url}/metrics`, {}, 'HEAD');
    const post = await fetchFrom(`${url}/metrics`, {}, 'POST');
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([
      200,
      0,
      String(text.length),
    ]);
    expect([post.status, post.headers['allow']]).toEqual([405, 'GET, HEAD']);
    expect((await fetchFrom(`${url}/constructor`)).status).toBe(404);
  });
});
