import type { Identity } from '../credentials/credentials.ts';

/** The body of Keystone's `POST /v3/auth/tokens`. An application credential implies its project. */
export function authRequest(identity: Identity): object {
  if (identity.method === 'password') {
    const { user, password, project } = identity;
    return {
      auth: {
        identity: { methods: ['password'], password: { user: { ...user, password } } },
        scope: project === undefined ? { system: { all: true } } : { project },
      },
    };
  }
  const { method, ...credential } = identity;
  return { auth: { identity: { methods: [method], [method]: credential } } };
}
