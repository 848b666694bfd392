/** How a service that not every cloud has is there: `missing` from the catalog, or everything in it `forbidden`. */
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
