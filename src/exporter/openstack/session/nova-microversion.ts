import type { HttpAnswer } from './http.ts';
import { ServiceError } from './service-error.ts';

export function microversionHeaders(version: string): Record<string, string> {
  return { 'openstack-api-version': `compute ${version}`, 'x-openstack-nova-api-version': version };
}

/** Throws `ServiceError` if Nova, or a proxy before it, ignores the microversion: its answer may be incomplete. */
export function requireMicroversion({ headers }: HttpAnswer, version: string, what: string): void {
  const spoken = headers['openstack-api-version'] ?? headers['x-openstack-nova-api-version'] ?? 'none';
  if (spoken.split(' ').at(-1) !== version)
    throw new ServiceError(
      `Nova answers a request in microversion ${version} with ${spoken}: its ${what} may be incomplete`,
    );
}
