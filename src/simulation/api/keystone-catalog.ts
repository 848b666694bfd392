import { stableId } from '../model/stable-ids.ts';

export const NOVA_PATH = '/compute/v2.1';

/** The service catalog, as a token carries it: every interface of a service at one address. */
export function serviceCatalog(origin: string, region: string): unknown[] {
  return [
    catalogEntry('identity', 'keystone', `${origin}/v3/`, region),
    catalogEntry('compute', 'nova', `${origin}${NOVA_PATH}`, region),
  ];
}

function catalogEntry(type: string, name: string, url: string, region: string) {
  const endpoints = ['public', 'internal', 'admin'].map((face) => ({
    id: stableId(`endpoint ${region} ${type} ${face}`),
    interface: face,
    region_id: region,
    url,
    region,
  }));
  return { endpoints, id: stableId(`service ${type}`), type, name };
}
