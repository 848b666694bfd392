import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { listen, closeServer } from '../../runtime/listen.ts';
import { createAgent, unsafeConnection } from './agent.ts';
import { readCredentials } from './credentials.ts';

const BASE = { OS_AUTH_URL: 'https://k', OS_USER_ID: 'u', OS_PASSWORD: 'p', OS_PROJECT_ID: 'q' };

/** A server whose certificate no authority knows. */
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
  const agent = createAgent(readCredentials({ ...BASE, ...env }));
  try {
    const { statusCode, body } = await request(url, { dispatcher: agent });
    await body.dump();
    return statusCode;
  } finally {
    await agent.destroy();
  }
}

it('trusts a certificate by its authority, or where it is told to trust all, and else not', async () => {
  const { url, caFile } = await selfSignedServer();
  await expect(ask(url, {})).rejects.toThrow(/self-signed certificate/);
  expect(await ask(url, { OS_CACERT: caFile })).toBe(200);
  expect(await ask(url, { OS_INSECURE: 'true' })).toBe(200);
});

it('names a file that is not there by its setting', () => {
  const credentials = readCredentials({ ...BASE, OS_CACERT: '/nowhere/ca.pem' });
  expect(() => createAgent(credentials)).toThrow('OS_CACERT: cannot read /nowhere/ca.pem');
});

it('says what is unsafe about a connection', () => {
  const unsafe = (env: Record<string, string>) => unsafeConnection(readCredentials({ ...BASE, ...env }));
  expect(unsafe({})).toBeUndefined();
  expect(unsafe({ OS_INSECURE: '1' })).toContain('certificates are not verified');
  expect(unsafe({ OS_AUTH_URL: 'http://127.0.0.1:5000' })).toBeUndefined();
  expect(unsafe({ OS_AUTH_URL: 'http://keystone.example' })).toBe(
    'http://keystone.example is not https: the password is sent in the open',
  );
});
