import { generate } from 'selfsigned';
import type { ServedTls } from '../listener/tls.ts';

const DAYS = 7;

/** Makes a certificate for tests: for `localhost` and the host that the gate listens on. Its key is only in memory. */
export async function makeSelfSigned(host: string, nowMs: number): Promise<ServedTls> {
  const pems = await generate([{ name: 'commonName', value: 'stackmeter gate' }], {
    keyType: 'ec',
    curve: 'P-256',
    notBeforeDate: new Date(nowMs - 60_000),
    notAfterDate: new Date(nowMs + DAYS * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: alternativeNames(host) }],
  });
  return { cert: pems.cert, key: pems.private, minVersion: 'TLSv1.2' };
}

function alternativeNames(host: string): { type: 2 | 7; value?: string; ip?: string }[] {
  const named = /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/i.test(host) ? [{ type: 2 as const, value: host }] : [];
  const numbered = /^[\d.]+$/.test(host) && host !== '127.0.0.1' ? [{ type: 7 as const, ip: host }] : [];
  return [{ type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }, ...named, ...numbered];
}
