import { Refusal, type RefusalReason } from '../refusal.ts';
import { remembered } from '../../prometheus/remembered.ts';
import { readSelector, refuseBadRegex, SelectorError } from '../../prometheus/selectors/selectors.ts';
import type { Selector } from '../policy.ts';

/** The head of a request as it came: nothing is decoded, joined or dropped. */
export interface RequestHead {
  method: string;
  /** The text between method and version. */
  target: string;
  httpVersion: string;
  /** Names and values in turn. */
  rawHeaders: readonly string[];
}

export type Route = { name: 'healthz' } | { name: 'federate'; query: string } | { name: 'read' };

const MAX_TARGET_LENGTH = 16_384;
const MAX_SELECTORS = 20;
const MAX_HEADERS = 64;
const READ_PATH = '/api/v1/read';

const UNAUTHORIZED = { headers: { 'www-authenticate': 'Bearer' } };

/** The route of a request. Compares the path character by character, and accepts no other spelling. Throws `Refusal`. */
export function routeOf(head: RequestHead): Route {
  if (head.target.length > MAX_TARGET_LENGTH) throw new Refusal(414, 'the URL is too long');
  const [path, ...queries] = head.target.split('?');
  const query = queries.length === 0 ? undefined : queries.join('?');
  if (head.rawHeaders.length > 2 * MAX_HEADERS) throw new Refusal(431, 'there are too many headers');
  if (path === READ_PATH && query === undefined) return readRoute(head);
  if (path !== '/federate' && !(path === '/healthz' && query === undefined))
    throw new Refusal(404, 'there is nothing here');
  const methods = path === '/healthz' ? ['GET', 'HEAD'] : ['GET'];
  if (!methods.includes(head.method))
    throw new Refusal(405, `only ${methods.join(' and ')} is accepted`, {
      headers: { allow: methods.join(', ') },
    });
  refuseBody(head);
  return path === '/healthz' ? { name: 'healthz' } : { name: 'federate', query: query ?? '' };
}

function readRoute(head: RequestHead): Route {
  if (head.method !== 'POST') throw new Refusal(405, 'only POST is accepted', { headers: { allow: 'POST' } });
  return { name: 'read' };
}

function refuseBody(head: RequestHead): void {
  const lengths = headerValues(head, 'content-length');
  if (headerValues(head, 'transfer-encoding').length > 0 || lengths.some((length) => length !== '0'))
    throw new Refusal(400, 'a body is not accepted');
}

/** The token of the one `Authorization: Bearer` header. Throws `Refusal`. */
export function bearerToken(head: RequestHead): string {
  const values = headerValues(head, 'authorization');
  if (values.length !== 1)
    throw new Refusal(
      401,
      values.length === 0 ? 'a bearer token is needed' : 'only one Authorization header is accepted',
      UNAUTHORIZED,
    );
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(values[0] ?? '')?.[1];
  if (token === undefined) throw new Refusal(401, 'a bearer token is needed', UNAUTHORIZED);
  return token;
}

/** The refusal of a token. Its reason and the token's name are for the log only. */
export function wrongToken(reason: RefusalReason = 'token', tokenName = ''): Refusal {
  return new Refusal(401, 'the token is not valid', { ...UNAUTHORIZED, reason, tokenName });
}

/** True if the client accepts gzip. */
export function acceptsGzip(head: RequestHead): boolean {
  return headerValues(head, 'accept-encoding')
    .flatMap((value) => value.toLowerCase().split(','))
    .some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?:1(?:\.0*)?|0?\.0*[1-9]\d*)\s*)?$/.test(coding));
}

export function headerValues({ rawHeaders }: Pick<RequestHead, 'rawHeaders'>, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/**
 * The selectors of a query that has only `match[]` parameters. Calls `charge` before the costly part, the check of regular
 * expressions. Throws `Refusal`.
 */
export function selectorsOf(
  query: string,
  charge: (selectors: readonly Selector[]) => void = () => {},
): Selector[] {
  const parts = query === '' ? [] : query.split('&');
  if (parts.length === 0) throw new Refusal(400, 'name what you want with match[]=SELECTOR');
  if (parts.length > MAX_SELECTORS) throw new Refusal(400, `at most ${MAX_SELECTORS} selectors are accepted`);
  const selectors = parts.map(selectorOf);
  charge(selectors);
  for (const matcher of selectors.flat()) orRefuse(() => refuseBadRegex(matcher));
  return selectors;
}

/** A portal sends the same selectors again and again. */
const REMEMBERED_BYTES = 1_048_576;
/** An estimate: a matcher of six characters is an object with three texts. */
const BYTES_A_CHARACTER = 40;
const selectorOf = remembered(parsePart, REMEMBERED_BYTES, ({ length }) => BYTES_A_CHARACTER * length);

function parsePart(part: string): Selector {
  const equals = part.indexOf('=');
  if (equals === -1 || decodeStrictly(part.slice(0, equals)) !== 'match[]')
    throw new Refusal(400, 'match[] is the only parameter');
  return orRefuse(() => readSelector(decodeStrictly(part.slice(equals + 1))));
}

function orRefuse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SelectorError) throw new Refusal(400, error.message, { cause: error });
    throw error;
  }
}

/** Decodes a part of a query as Go does. Refuses text that another decoder might read differently. */
function decodeStrictly(text: string): string {
  if (!/^(?:[\x21-\x7e]|%[0-9a-fA-F]{2})*$/.test(text) || /[#;]|%(?![0-9a-fA-F]{2})/.test(text))
    throw new Refusal(400, 'the query is not encoded correctly');
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    throw new Refusal(400, 'the query is not UTF-8', { cause: error });
  }
}
