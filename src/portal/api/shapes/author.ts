import type { FastifyRequest } from 'fastify';
import type { Authorship } from '../../accounts/accounts.ts';
import type { ApiParts } from './api-parts.ts';
import { mayChange } from '../../access/rights/scope.ts';
import { askerOf } from './asker-of.ts';
import { ProblemError } from './request-error.ts';

/** The header in which a command names who runs it, as base64url. It counts on the owner's socket only. */
export const AUTHOR_HEADER = 'stackmeter-author';

/** Headers of a proxy: then the listen address does not say who asks. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

type Rights = Pick<ApiParts, 'ownerRequests' | 'localWrites' | 'signIn'>;

/**
 * Who makes a change: an operator. Without [access] this is the portal's own account over its socket, or anyone on this
 * machine if the portal listens on loopback only. Throws `ProblemError` for all others.
 */
export function authorOf(
  request: FastifyRequest,
  { ownerRequests, localWrites, signIn }: Rights,
): Authorship {
  const { headers } = request;
  if (ownerRequests?.has(request.raw) === true) return { author: toldAuthor(headers), origin: 'command' };
  if (signIn !== undefined) return operatorOf(request);
  if (localWrites !== true || PROXY_HEADERS.some((name) => headers[name] !== undefined))
    throw forbidden(
      'the portal has no [access], so only its own machine may do this: use stackmeter portal grants there',
    );
  if (!isSameOrigin(headers)) throw forbidden('the request comes from a page of another origin');
  requireJson(request);
  return { author: 'operator', origin: 'API' };
}

/** The hook of the sign-in has checked where the request comes from. */
function operatorOf(request: FastifyRequest): Authorship {
  const { who, rights } = askerOf(request);
  if (!mayChange(rights)) throw forbidden('only an operator may do this');
  requireJson(request);
  return { author: who, origin: 'API' };
}

function requireJson({ method, headers }: FastifyRequest): void {
  if (!['GET', 'HEAD', 'DELETE'].includes(method) && !isJson(headers['content-type']))
    throw new ProblemError(415, 'Wrong content type', 'send the document as application/json');
}

/** Whether the sender of a request may make changes. Only they see the mail addresses of people. */
export function isOperator(request: FastifyRequest, rights: Rights): boolean {
  try {
    authorOf(request, rights);
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}

function forbidden(message: string): ProblemError {
  return new ProblemError(403, 'Not allowed', message);
}

/** The account that runs a command, as the command says. It counts on the owner's socket only. */
export function toldAuthor(headers: FastifyRequest['headers']): string {
  const told = headers[AUTHOR_HEADER];
  const name = typeof told === 'string' ? Buffer.from(told, 'base64url').toString() : '';
  return /^\P{C}{1,100}$/u.test(name) ? name : 'operator';
}

/** Browsers tell where a request comes from; programs send neither header. */
function isSameOrigin(headers: FastifyRequest['headers']): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function isJson(type: string | undefined): boolean {
  return type?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}
