import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { UserError } from '../../../runtime/user-error.ts';
import type { Service } from './services.ts';

/** Addresses that are asked instead of those of the catalog, as they were set. */
export type EndpointOverrides = Partial<Record<Service, string>>;

/** How variables name a service, today's type first. */
export const SERVICE_VARIABLES: Readonly<Record<Service, readonly string[]>> = {
  identity: ['IDENTITY'],
  compute: ['COMPUTE'],
  volume: ['BLOCK_STORAGE', 'VOLUMEV3', 'VOLUMEV2', 'VOLUME', 'BLOCK_STORE'],
  network: ['NETWORK'],
  'object-store': ['OBJECT_STORE'],
};

/** `OS_COMPUTE_ENDPOINT_OVERRIDE` and its like; `read` gives the value of the first name that is set. */
export function readEndpointOverrides(
  read: (...names: string[]) => string | undefined,
  nameOf: (name: string) => string,
): EndpointOverrides {
  const overrides: EndpointOverrides = {};
  for (const [service, names] of Object.entries(SERVICE_VARIABLES)) {
    const variables = ['ENDPOINT_OVERRIDE', 'ENDPOINT'].flatMap((what) =>
      names.map((name) => `OS_${name}_${what}`),
    );
    const value = read(...variables);
    if (value === undefined) continue;
    if (!/^https?:/i.test(value) || !URL.canParse(value))
      throw new UserError(
        `${nameOf(variables[0] ?? '')}: '${shownUrl(value)}' is not an http or https address`,
      );
    overrides[service as Service] = value;
  }
  return overrides;
}

/** The project's id stands where the address has `%(project_id)s` or `$(tenant_id)s`, as in keystoneauth. */
export function overriddenEndpoint(override: string, projectId: string | undefined): URL {
  return new URL(override.replaceAll(/[%$]\((project|tenant)_id\)s/g, projectId ?? ''));
}
