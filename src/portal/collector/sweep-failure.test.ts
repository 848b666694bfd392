import { describe, expect, it } from 'vitest';
import { printable, SweepFailure, toSweepFailure } from './sweep-failure.ts';

const failed = (code: string) => Object.assign(new Error('low-level words'), { code });
const reason = (error: unknown) => toSweepFailure(error, 'gate.example:8443', 30_000).message;

describe('the reason of a failed sweep', () => {
  it.each([
    ['ENOTFOUND', 'DNS does not know the host of gate.example:8443'],
    ['EAI_AGAIN', 'DNS does not answer for gate.example:8443'],
    ['EHOSTUNREACH', 'there is no route to gate.example:8443'],
    ['UND_ERR_CONNECT_TIMEOUT', 'gate.example:8443 does not accept the connection in time'],
    ['UND_ERR_BODY_TIMEOUT', 'no complete answer within 30 s'],
    ['CERT_HAS_EXPIRED', 'TLS: the certificate of gate.example:8443 has expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS: the certificate is not for gate.example:8443'],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'TLS: the certificate of gate.example:8443 has no trusted issuer; set ca_file to the certificate of its issuer',
    ],
    [
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'TLS: the certificate of gate.example:8443 has no trusted issuer; set ca_file to the certificate of its issuer',
    ],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS: gate.example:8443 does not speak TLS'],
    ['EODD', 'no answer could be read from gate.example:8443: low-level words'],
  ])('is one line for the operator for %s', (code, line) => {
    expect(reason(failed(code))).toBe(line);
  });

  it('is found in the causes of an error, and in the first of several', () => {
    expect(reason(new Error('outer', { cause: failed('ENOTFOUND') }))).toBe(
      'DNS does not know the host of gate.example:8443',
    );
    expect(reason(new AggregateError([failed('ECONNREFUSED'), failed('EODD')]))).toBe(
      'nothing listens on gate.example:8443',
    );
  });

  it('stays the same for a known failure', () => {
    const known = new SweepFailure('known');
    expect(toSweepFailure(known, 'gate.example', 1)).toBe(known);
  });
});

describe('text of a site in a log', () => {
  it('is one short line without control characters', () => {
    expect(printable('\n a\u0000b\u001B[2J Käse\nnext')).toBe('a?b?[2J Käse');
    expect(printable('x'.repeat(1000))).toHaveLength(160);
  });
});
