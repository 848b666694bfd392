import type { HttpAnswer } from './http.ts';
import { ServiceError } from './service-error.ts';

export function microversionHeaders(version: string): Record<string, string> {
  return { 'openstack-api-version': `compute ${version}`, 'x-openstack-nova-api-version': version };
}

/** A Nova, or something before it, that passes over the microversion would answer with less: perhaps cut. */
export function requireMicroversion({ headers }: HttpAnswer, version: string, what: string): void {
  const spoken = headers['openstack-api-version'] ?? headers['x-openstack-nova-api-version'] ?? 'none';
  if (spoken.split(' ').at(-1) !== version)
    throw new ServiceError(
      `Nova was asked for microversion ${version} and answers with ${spoken}: its ${what} may be incomplete`,
    );
}
