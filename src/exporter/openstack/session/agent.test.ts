import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, it, onTestFinished } from 'vitest';
import { listen, closeServer } from '../../../runtime/http/listen.ts';
import { ServiceConnections, unsafeConnection } from './agent.ts';
import { readCredentials } from '../credentials/credentials.ts';
import { NO_PROXIES, readProxies } from './proxies.ts';

const BASE = { OS_AUTH_URL: 'https://k', OS_USER_ID: 'u', OS_PASSWORD: 'p', OS_PROJECT_ID: 'q' };

/** A server with a certificate of an unknown authority. */
async function selfSignedServer() {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const server = createServer({ key, cert }, (_, response) => response.end('{}'));
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'agent-'));
  onTestFinished(async () => {
    await closeServer(server);
    rmSync(folder, { recursive: true });
  });
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, cert);
  return { url: `https://127.0.0.1:${port}`, caFile };
}

async function ask(url: string, env: Record<string, string>): Promise<number> {
  const connections = new ServiceConnections(readCredentials({ ...BASE, ...env }), readProxies(env));
  try {
    const { signal } = new AbortController();
    const asked = { method: 'GET', url: new URL(url), headers: {}, body: undefined, signal } as const;
    const { statusCode, body } = await connections.send(asked);
    body.resume();
    return statusCode;
  } finally {
    await connections.destroy();
  }
}

/** A proxy that answers plain HTTP itself and opens tunnels. It keeps its requests. */
async function startProxy() {
  const asked: string[] = [];
  const note = ({ method, url, headers }: IncomingMessage) =>
    asked.push(`${method} ${url} ${headers['proxy-authorization']}`);
  const server = createHttpServer((incoming, response) => {
    note(incoming);
    response.end('{}');
  });
  server.on('connect', (incoming, socket) => {
    note(incoming);
    const [host, port] = (incoming.url ?? '').split(':');
    const tunnel = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    socket.on('error', () => tunnel.destroy());
    tunnel.on('error', () => socket.destroy());
    tunnel.pipe(socket).pipe(tunnel);
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => await closeServer(server, 0));
  return { asked, proxy: `http://user:pw@127.0.0.1:${port}` };
}

it('trusts a certificate only with its authority, or with OS_INSECURE', async () => {
  const { url, caFile } = await selfSignedServer();
  await expect(ask(url, {})).rejects.toThrow(/self-signed certificate/);
  expect(await ask(url, { OS_CACERT: caFile })).toBe(200);
  expect(await ask(url, { OS_INSECURE: 'true' })).toBe(200);
});

it('uses the proxies of the environment, with the trusted certificates', async () => {
  const { url, caFile } = await selfSignedServer();
  const { asked, proxy } = await startProxy();
  const env = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, OS_CACERT: caFile };
  expect(await ask(url, env)).toBe(200);
  expect(await ask('http://keystone.invalid:5000/v3', env)).toBe(200);
  expect(await ask(url, { ...env, NO_PROXY: '127.0.0.0/8' })).toBe(200);
  const authorization = `Basic ${Buffer.from('user:pw').toString('base64')}`;
  expect(asked).toEqual([
    `CONNECT ${new URL(url).host} ${authorization}`,
    `GET http://keystone.invalid:5000/v3 ${authorization}`,
  ]);
});

it('loads undici for a proxy only, because it takes much memory', () => {
  const exporter = new URL('../../exporter.ts', import.meta.url).href;
  // Not its global symbol, which the undici inside Node.js 26 sets with node:http.
  const isLoaded =
    "process.stdout.write(String(Object.keys(createRequire('/').cache).some((path) => path.includes('/undici/'))))";
  const outputAfter = (module: string) => {
    const program = `import { createRequire } from 'node:module'; await import('${module}'); ${isLoaded}`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
    return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout;
  };
  expect([outputAfter(exporter), outputAfter('undici')]).toEqual(['false', 'true']);
});

it('names the setting of a missing file', () => {
  const credentials = readCredentials({ ...BASE, OS_CACERT: '/nowhere/ca.pem' });
  expect(() => new ServiceConnections(credentials, NO_PROXIES)).toThrow(
    'OS_CACERT: cannot read /nowhere/ca.pem',
  );
});

it('refuses the key of another certificate', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [certFile, keyFile] = [join(folder, 'own.crt'), join(folder, 'own.key')];
  const one = await generate(undefined, { keyType: 'rsa' });
  writeFileSync(certFile, one.cert);
  writeFileSync(keyFile, (await generate(undefined, { keyType: 'ec' })).private);
  const credentials = readCredentials({ ...BASE, OS_CERT: certFile, OS_KEY: keyFile });
  expect(() => new ServiceConnections(credentials, NO_PROXIES)).toThrow(
    `OS_CERT: ${certFile} and OS_KEY: ${keyFile} do not belong together: replace both`,
  );
  writeFileSync(keyFile, one.private);
  await new ServiceConnections(credentials, NO_PROXIES).destroy();
});

it('gives the reason why a connection is unsafe', () => {
  const unsafe = (env: Record<string, string>) => unsafeConnection(readCredentials({ ...BASE, ...env }));
  expect(unsafe({})).toBeUndefined();
  expect(unsafe({ OS_INSECURE: '1' })).toContain('certificates are not verified');
  expect(unsafe({ OS_AUTH_URL: 'http://127.0.0.1:5000' })).toBeUndefined();
  expect(unsafe({ OS_AUTH_URL: 'http://keystone.example' })).toBe(
    'http://keystone.example is not https: the password is sent without encryption',
  );
});
