import { generateKeyPairSync } from 'node:crypto';
import { generate } from 'selfsigned';
import { expect, it } from 'vitest';
import { checkKeyPair } from './key-pair.ts';

const files = { certFile: 'a.crt', keyFile: 'a.key' };
const name = [{ name: 'commonName', value: 'gate' }];
const rsa = await generate(name, { keyType: 'rsa', keySize: 2048 });
const ec = await generate(name, { keyType: 'ec', curve: 'P-256' });
const otherEc = await generate(name, { keyType: 'ec', curve: 'P-256' });

const encrypted = (type: 'pkcs1' | 'pkcs8') =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  }).privateKey;

const problemOf = (cert: string, key: string) => {
  try {
    checkKeyPair({ cert, key }, files);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

it('accepts a certificate with its own key, RSA or EC', () => {
  expect([problemOf(rsa.cert, rsa.private), problemOf(ec.cert, ec.private)]).toEqual(['none', 'none']);
  expect(problemOf(`${ec.cert}\n${rsa.cert}`, ec.private)).toBe('none');
  // OS_CERT without OS_KEY names one file for both.
  const both = `${rsa.private}\n${rsa.cert}`;
  expect(problemOf(both, both)).toBe('none');
});

it('says in one line why a certificate and a key cannot be used, and shows nothing of the key', () => {
  const mismatch = 'a.crt and a.key do not belong together: replace both';
  expect([
    problemOf(rsa.cert, ec.private),
    problemOf(ec.cert, rsa.private),
    problemOf(ec.cert, otherEc.private),
    problemOf(`${ec.cert}\n${rsa.cert}`, rsa.private),
  ]).toEqual([mismatch, mismatch, mismatch, mismatch]);
  const passphrase = 'a.key has a passphrase: give a key without one';
  expect([problemOf(rsa.cert, encrypted('pkcs8')), problemOf(rsa.cert, encrypted('pkcs1'))]).toEqual([
    passphrase,
    passphrase,
  ]);
  expect(problemOf('swordfish', rsa.private)).toMatch(/^a\.crt is not a certificate in PEM: [^\n]*$/);
  expect(problemOf(rsa.private, rsa.private)).toMatch(/^a\.crt is not a certificate in PEM: [^\n]*$/);
  expect(problemOf(rsa.cert, rsa.cert)).toMatch(/^a\.key is not a key in PEM: [^\n]*$/);
  expect(problemOf(rsa.cert, rsa.private.slice(0, 300))).toMatch(/^a\.key is not a key in PEM: [^\n]*$/);
  expect(problemOf(rsa.cert, '')).toMatch(/^a\.key is not a key in PEM: [^\n]*$/);
});
