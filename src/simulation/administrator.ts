import type { SimulatedUser } from './api/context/users.ts';
import { stableId } from './model/stable-ids.ts';

/**
 * The administrator of a simulated cloud. The password is no secret: the cloud's data are invented, and the API is
 * read-only. The administrator's project is not in the model, so it has no usage.
 */
export const SIMULATED_ADMINISTRATOR: SimulatedUser = {
  name: 'admin',
  password: 'simulated',
  role: 'admin',
  project: { id: stableId('project admin'), name: 'admin' },
};
