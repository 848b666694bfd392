/** The services that are read. */
export type Service = 'identity' | 'compute' | 'volume' | 'network' | 'object-store';

interface ServiceFacts {
  /** For messages and metrics. */
  name: string;
  /** Its types in catalogs, today's and earlier ones. */
  types: readonly [string, ...string[]];
}

/** https://service-types.openstack.org: a service is known by one type, and by aliases of earlier releases. */
export const SERVICES: Readonly<Record<Service, ServiceFacts>> = {
  identity: { name: 'Keystone', types: ['identity'] },
  compute: { name: 'Nova', types: ['compute'] },
  volume: { name: 'Cinder', types: ['block-storage', 'volumev3', 'block-store', 'volume'] },
  network: { name: 'Neutron', types: ['network'] },
  'object-store': { name: 'Swift', types: ['object-store'] },
};

/** Some catalogs have a service without its version, and Cinder with or without the project of the token. */
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
