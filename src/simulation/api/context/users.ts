/** A user who can sign in to a simulated cloud. */
export interface SimulatedUser {
  name: string;
  password: string;
  /** An `admin` reads everything, a `reader` only its project. */
  role: 'admin' | 'reader';
  /** The project of the user's tokens. An administrator's project need not be in the model. */
  project: { id: string; name: string };
  applicationCredential?: { id: string; name: string; secret: string };
}

/** The domain of the users and of the administrator's project. */
export const USER_DOMAIN = { id: 'default', name: 'Default' } as const;
