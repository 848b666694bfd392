/** The state of an optional service: `missing` from the catalog, or in the catalog and `forbidden` to everyone. */
type ServicePresence = 'present' | 'missing' | 'forbidden';

export interface SimulatedServices {
  volume: ServicePresence;
  network: ServicePresence;
  objectStore: ServicePresence;
}

export const ALL_SERVICES: SimulatedServices = {
  volume: 'present',
  network: 'present',
  objectStore: 'present',
};
