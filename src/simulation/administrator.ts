import type { SimulatedUser } from './api/context/users.ts';
import { stableId } from './model/stable-ids.ts';

/**
 * The administrator of a simulated cloud. Its password is no secret: the cloud's data are invented, and nobody can
 * change them. Its project is none of the model's: it has no usage.
 */
export const SIMULATED_ADMINISTRATOR: SimulatedUser = {
  name: 'admin',
  password: 'simulated',
  role: 'admin',
  project: { id: stableId('project admin'), name: 'admin' },
};
