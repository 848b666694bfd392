import type { FastifyRequest } from 'fastify';
import { NOBODY, type Asker } from '../../access/asker.ts';

const askers = new WeakMap<FastifyRequest, Asker>();

/** Who sends a request, as the hook of the sign-in has found out before the route. */
export function askerOf(request: FastifyRequest): Asker {
  return askers.get(request) ?? NOBODY;
}

export function setAsker(request: FastifyRequest, asker: Asker): void {
  askers.set(request, asker);
}
