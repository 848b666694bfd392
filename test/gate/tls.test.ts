import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { TlsFiles } from '../../src/gate/listener/tls.ts';
import type { TokenTable } from '../../src/gate/tokens/token-table.ts';
import { hashToken } from '../../src/gate/tokens/tokens.ts';
import { describeWith } from '../support/describe-with.ts';
import { temporaryFolder } from '../support/processes.ts';
import { federate, get, startGate, USAGE } from './harness.ts';

describeWith(['openssl'], 'a gate with TLS', ({ openssl }) => {
  it('serves TLS 1.2 and later, and uses a new certificate after a reload', async () => {
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
    await expect(gate.reload()).rejects.toThrow(/do not belong together/);
    expect((await get(url, {}, second.cert)).text).toBe('ok\n');
  });
});

interface Certificate {
  cert: string;
  certFile: string;
  keyFile: string;
}

/** Makes a self-signed certificate for localhost. */
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

/** Connects like a client of 2007, with TLS 1.1 at most. */
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

describeWith(['openssl'], 'a token that is bound to a certificate', ({ openssl }) => {
  it('is accepted only with that certificate', async () => {
    const folder = temporaryFolder();
    const [server, client, stranger] = ['server', 'client', 'stranger'].map((name) =>
      makeCertificate(openssl, folder, name),
    ) as [Certificate, Certificate, Certificate];
    const clientCaFile = join(folder, 'ca.pem');
    writeFileSync(clientCaFile, client.cert + stranger.cert);
    const fingerprint = new X509Certificate(client.cert).fingerprint256.replaceAll(':', '').toLowerCase();
    const token = (name: string, certificate: TokenTable['certificate']): TokenTable => ({
      name,
      hash: hashToken(name),
      expiresMs: undefined,
      selectors: undefined,
      dropLabels: [],
      hashLabels: [],
      limits: {},
      addresses: undefined,
      certificate,
    });
    const { gate } = await startGate({
      tls: { ...server, clientCaFile },
      tokens: [
        token('bound', { fingerprint }),
        token('named', { commonName: 'client' }),
        token('free', undefined),
      ],
    });
    const ask = async (name: string, shown?: Certificate) =>
      (
        await get(
          `https://localhost:${gate.address.port}${federate(USAGE)}`,
          { authorization: `Bearer ${name}` },
          server.cert,
          shown && { cert: shown.cert, key: readFileSync(shown.keyFile, 'utf8') },
        )
      ).status;
    expect([await ask('bound', client), await ask('named', client)]).toEqual([200, 200]);
    expect([await ask('bound', stranger), await ask('named', stranger)]).toEqual([401, 401]);
    expect([await ask('bound', server), await ask('named', server)]).toEqual([401, 401]);
    expect([await ask('bound'), await ask('named'), await ask('free')]).toEqual([401, 401, 200]);
  });

  it('stays valid on open connections after a change of the certificate', async () => {
    const folder = temporaryFolder();
    const [first, second] = ['first', 'second'].map((name) => makeCertificate(openssl, folder, name)) as [
      Certificate,
      Certificate,
    ];
    const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    install(first, tls);
    const { gate } = await startGate({ tls });
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.cert });
    const ask = async () =>
      await new Promise<string>((resolve, reject) => {
        tlsRequest(`https://localhost:${gate.address.port}/healthz`, { agent }, (incoming) => {
          const shown = (incoming.socket as TLSSocket).getPeerCertificate().subject.CN;
          incoming.resume().on('end', () => resolve(String(shown)));
        })
          .on('error', reject)
          .end();
      });
    expect(await ask()).toBe('first');
    install(second, tls);
    await gate.reload();
    expect(await ask()).toBe('first');
    expect((await get(`https://localhost:${gate.address.port}/healthz`, {}, second.cert)).text).toBe('ok\n');
    agent.destroy();
  });
});

describe('a gate that makes its own certificate', () => {
  it('logs the fingerprint, and keeps the certificate over a reload', async () => {
    const { gate, log } = await startGate({ selfSigned: true });
    const shown = async () =>
      await new Promise<string>((resolve, reject) => {
        const socket = tlsConnect(
          { port: gate.address.port, host: '127.0.0.1', rejectUnauthorized: false },
          () => {
            resolve(socket.getPeerCertificate().fingerprint256);
            socket.destroy();
          },
        );
        socket.on('error', reject);
      });
    expect(await shown()).toBe(gate.fingerprint);
    expect(log()).toContain(`"fingerprint":"${gate.fingerprint}"`);
    await gate.reload();
    expect(await shown()).toBe(gate.fingerprint);
  });
});
