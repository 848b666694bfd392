/** The services that the exporter reads. */
export type Service = 'identity' | 'compute' | 'volume' | 'network' | 'object-store';

interface ServiceFacts {
  /** The name in messages and metrics. */
  name: string;
  /** The types in catalogs, today's type first. */
  types: readonly [string, ...string[]];
}

/** A service has one type, and aliases from earlier releases. Source: https://service-types.openstack.org */
export const SERVICES: Readonly<Record<Service, ServiceFacts>> = {
  identity: { name: 'Keystone', types: ['identity'] },
  compute: { name: 'Nova', types: ['compute'] },
  volume: { name: 'Cinder', types: ['block-storage', 'volumev3', 'block-store', 'volume'] },
  network: { name: 'Neutron', types: ['network'] },
  'object-store': { name: 'Swift', types: ['object-store'] },
};

/** Completes the path: some catalogs leave out a service's version, and Cinder's project id. */
export function versionedPath(service: Service, path: string, projectId: string | undefined): string {
  switch (service) {
    case 'compute':
      return /\/v2(\.\d+)?(\/|$)/.test(path) ? path : `${path}/v2.1`;
    case 'network':
      return path.endsWith('/v2.0') ? path : `${path}/v2.0`;
    case 'volume': {
      const versioned = /\/v\d+(\/|$)/.test(path) ? path : `${path}/v3`;
      return /\/v\d+$/.test(versioned) && projectId !== undefined ? `${versioned}/${projectId}` : versioned;
    }
    case 'identity':
    case 'object-store':
      return path;
    default:
      return service satisfies never;
  }
}
