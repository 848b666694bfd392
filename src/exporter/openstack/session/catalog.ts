import { z } from 'zod';
import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { UserError } from '../../../runtime/user-error.ts';
import { ServiceMissing } from './service-error.ts';
import { SERVICES, type Service } from '../credentials/services.ts';

const endpointSchema = z.object({
  interface: z.string(),
  region: z.string().nullish(),
  region_id: z.string().nullish(),
  url: z.string(),
});

/** Skips an entry in another form: it may be of a service that the exporter does not ask. */
export const catalogSchema = listOf(z.object({ type: z.string(), endpoints: listOf(endpointSchema) }));

function listOf<S extends z.ZodType>(schema: S) {
  return z
    .array(z.unknown())
    .nullish()
    .transform((items) =>
      (items ?? []).flatMap((item) => {
        const parsed = schema.safeParse(item);
        return parsed.success ? [parsed.data] : [];
      }),
    );
}

export type Catalog = z.output<typeof catalogSchema>;

export interface EndpointChoice {
  /** In order of preference: the first interface that the service has is used. */
  interfaces: readonly string[];
  region: string | undefined;
}

/** The address of a service, by the first of its types in the catalog. Throws `ServiceMissing` if the catalog has none. */
export function serviceEndpoint(catalog: Catalog, service: Service, choice: EndpointChoice): URL {
  const { types, name } = SERVICES[service];
  const type = types.find((candidate) => catalog.some((entry) => entry.type === candidate));
  if (type === undefined)
    throw new ServiceMissing(`Keystone's catalog has no ${types[0]} service: this cloud has no ${name}`);
  return endpointOf(catalog, type, choice);
}

/** The address of a service in a token's catalog, without a slash at the end. */
export function endpointOf(catalog: Catalog, type: string, choice: EndpointChoice): URL {
  const endpoints = catalog
    .filter((service) => service.type === type)
    .flatMap((service) => service.endpoints)
    .filter((endpoint) => choice.interfaces.includes(endpoint.interface));
  const inAny = endpoints.filter(
    ({ region, region_id: id }) =>
      choice.region === undefined || region === choice.region || id === choice.region,
  );
  const best = choice.interfaces.find((face) => inAny.some((endpoint) => endpoint.interface === face));
  const inRegion = inAny.filter((endpoint) => endpoint.interface === best);
  const [endpoint] = inRegion;
  if (endpoint === undefined) throw noEndpoint(type, choice, regionsOf(endpoints));
  const regions = regionsOf(inRegion);
  if (regions.length > 1)
    throw new UserError(
      `the catalog has a ${type} service in the regions ${regions.join(', ')}: choose one with OS_REGION_NAME`,
    );
  return endpointUrl(type, endpoint.url);
}

function regionsOf(endpoints: Catalog[number]['endpoints']): string[] {
  return [...new Set(endpoints.map(({ region, region_id: id }) => id ?? region ?? ''))];
}

function noEndpoint(type: string, { interfaces, region }: EndpointChoice, regions: string[]): ServiceMissing {
  const start = `Keystone's catalog has no ${interfaces.join(' or ')} endpoint of the ${type} service`;
  if (region === undefined || regions.length === 0)
    return new ServiceMissing(`${start}; see OS_INTERFACE, and whether the token is for a project`);
  return new ServiceMissing(
    `${start} in region '${region}', only in ${regions.join(', ')}; see OS_REGION_NAME`,
  );
}

function endpointUrl(type: string, text: string): URL {
  if (!URL.canParse(text))
    throw new UserError(`Keystone's catalog has '${shownUrl(text)}' as the address of the ${type} service`);
  const url = new URL(text);
  url.pathname = url.pathname.replace(/(?<!\/)\/+$/, '');
  return url;
}
