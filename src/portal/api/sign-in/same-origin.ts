import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../shapes/request-error.ts';

/**
 * Throws for a change that a page of another origin may have caused. A browser sends the cookie with it, so the request has
 * to say where it comes from (P6); browsers do, and programs use tokens.
 */
export function requireSameOrigin({ method, headers }: FastifyRequest, baseUrl: string): void {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return;
  const { origin, 'sec-fetch-site': site } = headers;
  // A browser sends the origin "null" with a form, because the pages tell it to send no referrer.
  const isHidden = origin === undefined || origin === 'null';
  const isOurs = isHidden ? site === 'same-origin' : origin === new URL(baseUrl).origin;
  if (isOurs && (site === undefined || site === 'same-origin')) return;
  throw new ProblemError(403, 'Not allowed', 'the request comes from a page of another origin');
}
