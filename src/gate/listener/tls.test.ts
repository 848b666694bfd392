import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { generate } from 'selfsigned';
import { expect, it, onTestFinished } from 'vitest';
import { readTls } from './tls.ts';

it('accepts a certificate with its own key only, also in files with a byte order mark', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), `\uFEFF${text.replaceAll('\n', '\r\n')}`);
    return join(folder, name);
  };
  const rsa = await generate(undefined, { keyType: 'rsa' });
  const ec = await generate(undefined, { keyType: 'ec' });
  const [certFile, keyFile, other] = [
    file('crt', rsa.cert),
    file('key', rsa.private),
    file('ec', ec.private),
  ];
  const served = readTls({ certFile, keyFile, clientCaFile: certFile });
  expect(() => createSecureContext(served)).not.toThrow();
  expect(() => readTls({ certFile, keyFile: other })).toThrow(
    `${certFile} and ${other} do not belong together: replace both`,
  );
});
