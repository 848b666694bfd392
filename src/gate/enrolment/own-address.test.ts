import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { expect, it } from 'vitest';
import { certificatesFor, ownAddress } from './own-address.ts';

type Name = { type: 2; value: string } | { type: 7; ip: string };

async function certificateWith(...altNames: Name[]): Promise<X509Certificate> {
  const extensions = altNames.length === 0 ? [] : [{ name: 'subjectAltName' as const, altNames }];
  const options = { keyType: 'ec' as const, curve: 'P-256' as const, extensions };
  return new X509Certificate((await generate([{ name: 'commonName', value: 'gate' }], options)).cert);
}

const listen = { host: '', port: 8443 };

it('is the first name in the certificate that others can reach, on the port of the gate', async () => {
  const addresses = await Promise.all(
    [
      [
        { type: 2 as const, value: 'localhost' },
        { type: 2 as const, value: 'usage.site-a.example' },
      ],
      [
        { type: 2 as const, value: '*.site-a.example' },
        { type: 7 as const, ip: '192.0.2.7' },
      ],
    ].map(async (names) => ownAddress(undefined, listen, await certificateWith(...names))),
  );
  expect(addresses).toEqual(['https://usage.site-a.example:8443', 'https://192.0.2.7:8443']);
});

it('is asked for where the certificate names none, and must be an address over TLS', async () => {
  const bare = await certificateWith({ type: 2, value: 'localhost' });
  const problem = (url?: string, certificate?: X509Certificate) => {
    try {
      return ownAddress(url, listen, certificate);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect([problem(), problem(undefined, bare)]).toEqual([
    expect.stringMatching(/^the gate has no certificate: give --url/),
    expect.stringMatching(/^the gate's certificate has no name with a domain, and no address: give --url/),
  ]);
  expect(problem('https://a.example/gate/')).toBe('https://a.example/gate');
  expect(problem('http://127.0.0.1:8443')).toBe('http://127.0.0.1:8443');
  for (const wrong of ['http://a.example', 'a.example:8443', 'https://u:p@a.example', 'https://a.example?x'])
    expect(problem(wrong)).toMatch(/^--url: /);
});

it('comes with the certificate only if nobody else signed it', async () => {
  const own = await certificateWith();
  expect([certificatesFor(own), certificatesFor(undefined)]).toEqual([own.toString(), undefined]);
});
