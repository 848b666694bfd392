import { snapshots } from './cinder-snapshots.ts';
import { volumes } from './cinder-volumes.ts';
import { floatingIps } from './neutron-floating-ips.ts';
import type { SampledService } from './sampled-service.ts';
import { storedObjects } from './swift-accounts.ts';

/** A new service needs a file of its own and a line here. */
export const SAMPLED_SERVICES = [
  volumes,
  floatingIps,
  storedObjects,
  snapshots,
] as const satisfies readonly SampledService[];

export type SampledResource = (typeof SAMPLED_SERVICES)[number]['resource'];
