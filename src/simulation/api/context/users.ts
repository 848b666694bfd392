/** Somebody who may sign in to a simulated cloud. */
export interface SimulatedUser {
  name: string;
  password: string;
  /** `admin` reads everything; `reader` what belongs to its project. */
  role: 'admin' | 'reader';
  /** The project that the user's tokens are for. An administrator's need not be a project of the model. */
  project: { id: string; name: string };
  applicationCredential?: { id: string; name: string; secret: string };
}

/** The domain of the users and of the administrator's project. */
export const USER_DOMAIN = { id: 'default', name: 'Default' } as const;
