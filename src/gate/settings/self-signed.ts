import { generate } from 'selfsigned';
import type { ServedTls } from '../listener/tls.ts';

const DAYS_OF_TESTS = 7;

/** Makes a certificate for tests: for `localhost` and the host that the gate listens on. Its key is only in memory. */
export async function makeSelfSigned(host: string, nowMs: number): Promise<ServedTls> {
  const names = new Set(['localhost', '127.0.0.1', host]);
  return { ...(await signItself(names, nowMs, DAYS_OF_TESTS)), minVersion: 'TLSv1.2' };
}

/** A certificate that signed itself, for one host name or IPv4 address, with its key. Both are PEM. */
export async function makeCertificate(
  host: string,
  { nowMs, days }: { nowMs: number; days: number },
): Promise<{ cert: string; key: string }> {
  return await signItself(new Set([host]), nowMs, days);
}

async function signItself(hosts: ReadonlySet<string>, nowMs: number, days: number) {
  const pems = await generate([{ name: 'commonName', value: 'stackmeter gate' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - 60_000),
    notAfterDate: new Date(nowMs + days * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: [...hosts].flatMap(alternativeName) }],
  });
  return { cert: pems.cert, key: pems.private };
}

function alternativeName(host: string): { type: 2 | 7; value?: string; ip?: string }[] {
  if (/^[\d.]+$/.test(host)) return [{ type: 7, ip: host }];
  return /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/i.test(host) ? [{ type: 2, value: host }] : [];
}
