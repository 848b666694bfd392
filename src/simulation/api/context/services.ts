/** `missing`: not in the catalog. `forbidden`: in the catalog, but answers 403 to every user. */
type ServicePresence = 'present' | 'missing' | 'forbidden';

/** The optional services of the simulated cloud. Tests use them for a cloud without Cinder, Neutron or Swift. */
export interface SimulatedServices {
  volume: ServicePresence;
  network: ServicePresence;
  objectStore: ServicePresence;
}

export const ALL_SERVICES: Readonly<SimulatedServices> = {
  volume: 'present',
  network: 'present',
  objectStore: 'present',
};
