import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, it, onTestFinished } from 'vitest';
import { ownNameIn } from './own-name.ts';

type AlternativeNames = { type: 2 | 7; value?: string; ip?: string }[];

async function fileWith(altNames: AlternativeNames | undefined, issuer?: { cert: string; key: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'own-name-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const extensions = altNames === undefined ? [] : [{ name: 'subjectAltName' as const, altNames }];
  const names = [{ name: 'commonName', value: 'gate' }];
  const { cert } = await generate(names, {
    keyType: 'ec',
    extensions: [...extensions, { name: 'basicConstraints', cA: true }],
    ...(issuer === undefined ? {} : { ca: issuer }),
  });
  const file = join(folder, 'site.crt');
  writeFileSync(file, cert);
  return file;
}

it('has a name if the certificate signed itself for another name than that of the address', async () => {
  const gate: AlternativeNames = [{ type: 2, value: 'gate' }];
  const ca = await generate([{ name: 'commonName', value: 'CA' }], { keyType: 'ec' });
  const issued = await fileWith(gate, { cert: ca.cert, key: ca.private });
  const own = await fileWith([...gate, { type: 7, ip: '192.0.2.7' }]);

  expect(ownNameIn(own, 'usage.site-a.example')).toBe('gate');
  expect(ownNameIn(own, '192.0.2.8')).toBe('gate');
  expect(ownNameIn(own, 'gate')).toBeUndefined();
  expect(ownNameIn(own, '192.0.2.7')).toBeUndefined();
  expect(ownNameIn(await fileWith(undefined), 'usage.site-a.example')).toBeUndefined();
  expect(ownNameIn(issued, 'usage.site-a.example')).toBeUndefined();
  expect(ownNameIn('/nowhere/site.crt', 'usage.site-a.example')).toBeUndefined();
});
