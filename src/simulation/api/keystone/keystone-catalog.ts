import { stableId } from '../../model/stable-ids.ts';
import type { SimulatedServices } from '../context/services.ts';

export const NOVA_PATH = '/compute/v2.1';

export const VOLUME_PATH = '/volume/v3';
export const NETWORK_PATH = '/network';
export const OBJECT_STORE_PATH = '/object-store/v1';

export interface CatalogOf {
  region: string;
  services: SimulatedServices;
  /** The project of the token. Some endpoint URLs contain its id. */
  projectId: string;
}

/** The service catalog of a token. All interfaces of a service have the same URL. */
export function serviceCatalog(origin: string, { region, services, projectId }: CatalogOf): unknown[] {
  const entry = (type: string, name: string, path: string) =>
    catalogEntry(type, name, `${origin}${path}`, region);
  return [
    entry('identity', 'keystone', '/v3/'),
    entry('compute', 'nova', NOVA_PATH),
    ...(services.volume === 'missing' ? [] : [entry('volumev3', 'cinderv3', `${VOLUME_PATH}/${projectId}`)]),
    ...(services.network === 'missing' ? [] : [entry('network', 'neutron', NETWORK_PATH)]),
    ...(services.objectStore === 'missing'
      ? []
      : [entry('object-store', 'swift', `${OBJECT_STORE_PATH}/AUTH_${projectId}`)]),
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
