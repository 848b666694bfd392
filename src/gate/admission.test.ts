import { describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { admit, type Peer, type RequestNotes } from './admission.ts';
import { parsePolicy } from './policy.ts';
import { Refusal } from './refusal.ts';
import type { RequestHead } from './requests/request.ts';
import type { GateToken } from './settings/gate-tokens.ts';
import { parseAddresses } from '../runtime/http/client-addresses.ts';
import { DEFAULT_LIMITS, Limiter } from './tokens/limits.ts';
import { hashToken } from './tokens/tokens.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECRET = 'swordfish-swordfish';
const USAGE = '{__name__=~"project_.*_usage"}';
const ASKED = 'match%5B%5D=project_mb_usage';
const FORWARDED = [
  { label: '__name__', op: '=', value: 'project_mb_usage' },
  { label: '__name__', op: '=~', value: 'project_.*_usage' },
  { label: '__name__', op: '!=', value: 'project_server_usage' },
  { label: '__name__', op: '!=', value: 'stackmeter_exporter_flavor_info' },
];
const here: Peer = { address: '192.0.2.7', encrypted: true, presents: () => false };

function tokenOf(more: Partial<GateToken> = {}): GateToken {
  return {
    name: 'portal',
    hash: hashToken(SECRET),
    expiresMs: undefined,
    policy: parsePolicy([USAGE]),
    limits: DEFAULT_LIMITS,
    ...more,
  };
}

interface Case {
  head?: Partial<RequestHead>;
  headers?: readonly string[];
  peer?: Partial<Peer>;
  token?: Partial<GateToken>;
  checkAnswers?: boolean;
  /** Earlier requests of the token. */
  earlier?: number;
}

/** The outcome of a request, with its notes. A refusal has status, line and reason. */
function decided({ head, headers, peer, token, checkAnswers = true, earlier = 0 }: Case) {
  const rawHeaders = headers ?? ['Authorization', `Bearer ${SECRET}`];
  const asked = { method: 'GET', target: `/federate?${ASKED}`, httpVersion: '1.1', rawHeaders, ...head };
  const notes: RequestNotes = {};
  const limiter = new Limiter({ ...systemClock, nowMs: () => NOW });
  for (let count = 0; count < earlier; count++) limiter.count('portal', DEFAULT_LIMITS);
  const rules = { tokens: [tokenOf(token)], limiter, checkAnswers, nowMs: NOW };
  return [outcomeOf(() => admit(asked, { ...here, ...peer }, notes, rules)), notes];
}

function outcomeOf(work: () => unknown): unknown {
  try {
    const outcome = work();
    return outcome instanceof Refusal ? lineOf(outcome) : outcome;
  } catch (error) {
    if (error instanceof Refusal) return lineOf(error);
    throw error;
  }
}

const lineOf = ({ status, message, reason, tokenName }: Refusal) =>
  [status, message, reason, tokenName].filter((part) => part !== undefined);

describe('a federation', () => {
  const notes = { route: 'federate', token: 'portal', selectors: 1 };

  it('is admitted with selectors that the gate writes, and with rules for its answer', () => {
    expect(decided({})).toEqual([
      {
        route: 'federate',
        token: tokenOf(),
        asked: {
          selectors: [FORWARDED],
          gzip: false,
          rules: { allowed: parsePolicy([USAGE]).allowed, rewriting: undefined },
        },
      },
      notes,
    ]);
  });

  it('is passed on unchecked if answers are not checked, unless labels are rewritten', () => {
    const rewriting = { dropped: new Set(['domain_name']), hashed: new Set<string>(), hash: () => '' };
    const rulesOf = (of: Case) => {
      const [outcome] = decided(of);
      return (outcome as { asked: { rules: unknown } }).asked.rules;
    };
    expect(rulesOf({ checkAnswers: false })).toBe(undefined);
    expect(rulesOf({ checkAnswers: false, token: { rewriting } })).toEqual({
      allowed: parsePolicy([USAGE]).allowed,
      rewriting,
    });
  });

  it('is refused outside the policy, and the log has the name of its token', () => {
    expect(decided({ head: { target: '/federate?match%5B%5D=up' } })).toEqual([
      [403, 'selector 1 is not within what this gate gives out', 'policy'],
      notes,
    ]);
  });

  it('is refused above the rate of its token, before its selectors are read', () => {
    expect(decided({ earlier: DEFAULT_LIMITS.requestsPerMinute })).toEqual([
      [429, 'too many requests', 'rate'],
      { route: 'federate', token: 'portal' },
    ]);
  });

  it.each([
    ['no header', [], 'a bearer token is needed'],
    ['another scheme', ['Authorization', 'Basic abc'], 'a bearer token is needed'],
    [
      'two headers',
      ['Authorization', `Bearer ${SECRET}`, 'authorization', 'Bearer x'],
      'only one Authorization header is accepted',
    ],
  ])('with %s is refused before any token is checked', (_what, headers, line) => {
    expect(decided({ headers })).toEqual([[401, line, 'token'], { route: 'federate' }]);
  });

  it.each<[string, Case, ...string[]]>([
    ['is unknown', { headers: ['Authorization', 'Bearer guess'] }, 'token', ''],
    ['has expired', { token: { expiresMs: NOW } }, 'expired', 'portal'],
    ['comes from elsewhere', { token: { addresses: parseAddresses(['10.0.0.0/8']) } }, 'address', 'portal'],
    [
      'comes without its certificate',
      { token: { certificate: { commonName: 'p' } } },
      'certificate',
      'portal',
    ],
  ])('whose token %s is refused with the same line', (_what, of, reason, name) => {
    expect(decided(of)).toEqual([[401, 'the token is not valid', reason, name], { route: 'federate' }]);
  });

  it('is admitted from the addresses of its token, and with the certificate of its token', () => {
    const certificate = { commonName: 'portal' };
    const bound = { addresses: parseAddresses(['192.0.2.0/24']), certificate };
    const [outcome] = decided({ token: bound, peer: { presents: (wanted) => wanted === certificate } });
    expect(outcome).toMatchObject({ route: 'federate' });
  });

  it.each([
    ['0.9', false, [505, 'HTTP/1.1 is needed', 'request']],
    ['2.0', false, [505, 'HTTP/1.1 is needed', 'request']],
    ['1.0', true, [505, 'HTTP/1.1 is needed, or gzip', 'request']],
    ['1.0', false, expect.objectContaining({ route: 'federate' })],
  ])(
    'in HTTP/%s, over TLS: %s, is admitted only if a broken answer can be recognised',
    (httpVersion, encrypted, expected) => {
      const [outcome] = decided({ head: { httpVersion }, peer: { encrypted } });
      expect(outcome).toEqual(expected);
    },
  );

  it('in HTTP/1.0 over TLS is admitted only in gzip, which shows its end', () => {
    const headers = ['Authorization', `Bearer ${SECRET}`, 'Accept-Encoding', 'gzip'];
    const [outcome] = decided({ head: { httpVersion: '1.0' }, headers });
    expect(outcome).toMatchObject({ asked: { gzip: true } });
  });
});

describe('another request', () => {
  it('for the health of the gate needs no token', () => {
    expect(decided({ head: { target: '/healthz' }, headers: [] })).toEqual([
      { route: 'healthz' },
      { route: 'healthz' },
    ]);
  });

  it('for a remote read is admitted by its token; its body is decided later', () => {
    const head = { method: 'POST', target: '/api/v1/read' };
    expect(decided({ head })).toEqual([
      { route: 'read', token: tokenOf() },
      { route: 'read', token: 'portal' },
    ]);
    expect(decided({ head: { ...head, httpVersion: '1.0' } })).toEqual([
      [505, 'HTTP/1.1 is needed', 'request'],
      { route: 'read', token: 'portal' },
    ]);
  });

  it.each<[string, string, ...(string | number)[]]>([
    ['GET', '/', 404, 'there is nothing here', 'path'],
    ['GET', '/federate/', 404, 'there is nothing here', 'path'],
    ['POST', '/federate', 405, 'only GET is accepted', 'method'],
    ['DELETE', '/healthz', 405, 'only GET and HEAD is accepted', 'method'],
  ])('%s %s is refused to anyone', (method, target, ...refusal) => {
    expect(decided({ head: { method, target } })).toEqual([refusal, {}]);
  });
});
