import type { ApiRequest } from '../context/exchange.ts';
import { novaBadRequest, unsupportedVersion } from './nova-errors.ts';

export const LOWEST_MINOR = 1;
export const HIGHEST_MINOR = 93;

/** The minor number of the requested microversion, by default 1. Throws an `ApiError` for an unsupported version. */
export function requestedMinor(headers: ApiRequest['headers']): number {
  const asked = microversionText(headers);
  if (asked === undefined) return LOWEST_MINOR;
  if (asked === 'latest') return HIGHEST_MINOR;
  const match = /^(\d+)\.(\d+)$/.exec(asked);
  if (match === null)
    throw novaBadRequest(
      `API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  const minor = Number(match[2]);
  if (match[1] !== '2' || minor < LOWEST_MINOR || minor > HIGHEST_MINOR)
    throw unsupportedVersion(asked, `2.${LOWEST_MINOR}`, `2.${HIGHEST_MINOR}`);
  return minor;
}

function microversionText(headers: ApiRequest['headers']): string | undefined {
  const ofServices = headers['openstack-api-version'];
  const ofCompute = ofServices
    ?.split(',')
    .map((part) => part.trim().split(/\s+/))
    .find(([service]) => service === 'compute');
  return ofCompute?.[1] ?? headers['x-openstack-nova-api-version'];
}

/** Nova's headers with the microversion of the answer. */
export function microversionHeaders(minor: number): Record<string, string> {
  return {
    'OpenStack-API-Version': `compute 2.${minor}`,
    'X-OpenStack-Nova-API-Version': `2.${minor}`,
    Vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  };
}
