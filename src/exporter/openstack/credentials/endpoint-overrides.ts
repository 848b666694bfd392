import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { UserError } from '../../../runtime/user-error.ts';
import type { Service } from './services.ts';

/** The addresses that replace addresses of the catalog. They still have their placeholders (see `overriddenEndpoint`). */
export type EndpointOverrides = Partial<Record<Service, string>>;

/**
 * The parts of variable names that mean a service, as in `OS_COMPUTE_INTERFACE`: its type, then its older types. If several
 * variables are set, the first name counts.
 */
export const SERVICE_VARIABLES: Readonly<Record<Service, readonly string[]>> = {
  identity: ['IDENTITY'],
  compute: ['COMPUTE'],
  volume: ['BLOCK_STORAGE', 'VOLUMEV3', 'VOLUMEV2', 'VOLUME', 'BLOCK_STORE'],
  network: ['NETWORK'],
  'object-store': ['OBJECT_STORE'],
};

/**
 * Reads `OS_COMPUTE_ENDPOINT_OVERRIDE` and the like. The OpenStack SDK also has `OS_COMPUTE_ENDPOINT`: it counts only if no
 * `…_ENDPOINT_OVERRIDE` of the service is set. `read` returns the value of the first variable that is set. Throws `UserError`.
 */
export function readEndpointOverrides(
  read: (...names: string[]) => string | undefined,
  nameOf: (name: string) => string,
): EndpointOverrides {
  const overrides: EndpointOverrides = {};
  for (const [service, names] of Object.entries(SERVICE_VARIABLES)) {
    const variables = ['ENDPOINT_OVERRIDE', 'ENDPOINT'].flatMap((what) =>
      names.map((name) => `OS_${name}_${what}`),
    );
    const variable = variables.find((name) => read(name) !== undefined);
    const value = read(...variables);
    if (variable === undefined || value === undefined) continue;
    if (!/^https?:/i.test(value) || !URL.canParse(value))
      throw new UserError(`${nameOf(variable)}: '${shownUrl(value)}' is not an http or https address`);
    overrides[service as Service] = value;
  }
  return overrides;
}

/**
 * Replaces the placeholders of an override with the project's id, as keystoneauth does. They are `%(project_id)s` and
 * `%(tenant_id)s`, or the same with `$`. A token of the whole system has no project: then they become empty.
 */
export function overriddenEndpoint(override: string, projectId: string | undefined): URL {
  return new URL(override.replaceAll(/[%$]\((project|tenant)_id\)s/g, projectId ?? ''));
}
