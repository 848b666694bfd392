import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { UserError } from '../../../runtime/user-error.ts';
import type { Service } from './services.ts';

/** Addresses that replace those of the catalog, as they were set. */
export type EndpointOverrides = Partial<Record<Service, string>>;

/** The names of a service in variables, today's type first. */
export const SERVICE_VARIABLES: Readonly<Record<Service, readonly string[]>> = {
  identity: ['IDENTITY'],
  compute: ['COMPUTE'],
  volume: ['BLOCK_STORAGE', 'VOLUMEV3', 'VOLUMEV2', 'VOLUME', 'BLOCK_STORE'],
  network: ['NETWORK'],
  'object-store': ['OBJECT_STORE'],
};

/** Reads `OS_COMPUTE_ENDPOINT_OVERRIDE` and the like. `read` returns the value of the first set name. Throws `UserError`. */
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

/** Puts the project's id in place of `%(project_id)s` or `$(tenant_id)s`, as keystoneauth does. */
export function overriddenEndpoint(override: string, projectId: string | undefined): URL {
  return new URL(override.replaceAll(/[%$]\((project|tenant)_id\)s/g, projectId ?? ''));
}
