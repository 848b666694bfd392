import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { expect, it } from 'vitest';
import type { TlsFiles } from '../src/gate/tls.ts';
import { describeWith } from './describe-with.ts';
import { temporaryFolder } from './processes.ts';
import { startGate, get } from './gate-harness.ts';

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
