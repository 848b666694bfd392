import type { Account } from './answers/audit.ts';
import { decide, type Selector } from './policy.ts';
import { Refusal } from './refusal.ts';
import { extraRequests } from './requests/request-cost.ts';
import {
  acceptsGzip,
  bearerToken,
  type RequestHead,
  type Route,
  routeOf,
  selectorsOf,
  wrongToken,
} from './requests/request.ts';
import type { GateToken } from './settings/gate-tokens.ts';
import type { FederationRequest } from './sources/source.ts';
import { includesAddress } from '../runtime/http/client-addresses.ts';
import type { ClientCertificate } from './tokens/client-certificate.ts';
import type { Limiter } from './tokens/limits.ts';
import { checkToken } from './tokens/tokens.ts';

/** A client, as its connection shows it. */
export interface Peer {
  address: string | undefined;
  /** True over TLS. */
  encrypted: boolean;
  presents: (certificate: ClientCertificate) => boolean;
}

/** The rules by which a request is admitted. */
export interface AdmissionRules {
  tokens: readonly GateToken[];
  limiter: Pick<Limiter, 'count'>;
  /** Whether answers are opened and checked against the policy. */
  checkAnswers: boolean;
  nowMs: number;
}

/** Notes on a request for the log. They are complete as far as the request came, even if it was refused. */
export type RequestNotes = Pick<Account, 'route' | 'token' | 'selectors'>;

/** An admitted request. A remote read is decided later, when its body has come. */
export type Admission =
  | { route: 'healthz' }
  | { route: 'federate'; token: GateToken; asked: Omit<FederationRequest, 'signal'> }
  | { route: 'read'; token: GateToken };

/**
 * Decides a request by its head. Returns the refusals that any client can cause again and again, for a token or a selector.
 * Throws all other refusals. To throw costs more: V8 does not compile a function that only throws.
 */
export function admit(
  head: RequestHead,
  peer: Peer,
  notes: RequestNotes,
  rules: AdmissionRules,
): Admission | Refusal {
  const route = routeOf(head);
  notes.route = route.name;
  if (route.name === 'healthz') return { route: 'healthz' };
  const token = authenticate(head, peer, rules);
  if (token instanceof Refusal) return token;
  notes.token = token.name;
  rules.limiter.count(token.name, token.limits);
  if (head.httpVersion !== '1.1') checkOldVersion(head, route, peer);
  return route.name === 'read'
    ? { route: 'read', token }
    : admitFederation(route.query, head, token, notes, rules);
}

/** The token that the request presents. The client gets the same answer for every invalid token. */
function authenticate(head: RequestHead, peer: Peer, { tokens, nowMs }: AdmissionRules): GateToken | Refusal {
  const check = checkToken(tokens, bearerToken(head), nowMs);
  if (!check.valid) return check.expired === undefined ? wrongToken() : wrongToken('expired', check.expired);
  const { name, addresses, certificate } = check.token;
  if (addresses && !includesAddress(addresses, peer.address)) return wrongToken('address', name);
  if (certificate && !peer.presents(certificate)) return wrongToken('certificate', name);
  return check.token;
}

/**
 * Proxies such as nginx ask in HTTP/1.0, where an answer ends with its connection. A broken answer is recognised by a
 * connection reset, or by its gzip. Over TLS, nginx takes a reset for a normal end, so gzip is needed there. Throws `Refusal`.
 */
function checkOldVersion(head: RequestHead, route: Route, { encrypted }: Peer): void {
  if (head.httpVersion !== '1.0' || route.name !== 'federate') throw new Refusal(505, 'HTTP/1.1 is needed');
  if (encrypted && !acceptsGzip(head)) throw new Refusal(505, 'HTTP/1.1 is needed, or gzip');
}

function admitFederation(
  query: string,
  head: RequestHead,
  token: GateToken,
  notes: RequestNotes,
  { limiter, checkAnswers }: AdmissionRules,
): Admission | Refusal {
  const selectors = selectorsOf(query, (asked) => charge(asked, token, limiter));
  notes.selectors = selectors.length;
  const decision = decide(selectors, token.policy);
  if (!decision.allowed) return new Refusal(403, decision.reason);
  const opened = checkAnswers || token.rewriting !== undefined;
  const rules = opened ? { allowed: token.policy.allowed, rewriting: token.rewriting } : undefined;
  return {
    route: 'federate',
    token,
    asked: { selectors: decision.forwarded, gzip: acceptsGzip(head), rules },
  };
}

/** Counts a request that is costly to decide as several requests, before it is decided. Throws `Refusal`. */
export function charge(
  selectors: readonly Selector[],
  { name, limits, policy }: GateToken,
  limiter: Pick<Limiter, 'count'>,
): void {
  const more = extraRequests(selectors, policy);
  if (more > 0) limiter.count(name, limits, more);
}
