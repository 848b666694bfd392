import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { UserError } from '../runtime/user-error.ts';
import { Access } from './access/access.ts';
import { DEFAULT_POLICY } from './access/access-policy.ts';
import { ownerAsker } from './access/asker.ts';
import type { NewToken } from './access/tokens.ts';
import { tokenRowOf } from './api/shapes/access-answers.ts';
import { noPerson } from './api/sign-in/invitation-route.ts';
import { askOverSocket } from './ask-over-socket.ts';
import { withOwnerSocket } from './owner-socket.ts';
import type { LedgerPlace } from './settings/settings.ts';
import { Store } from './store.ts';

export type TokenRow = ReturnType<typeof tokenRowOf>;

/** The part of access that commands use (P9). */
export interface AccessCommands {
  createToken(token: NewToken): Promise<string>;
  tokens(): Promise<readonly TokenRow[]>;
  revoke(id: string): Promise<boolean>;
  /** Returns the path of the link, or the whole link if the portal runs. */
  invite(person: string): Promise<string>;
}

/** Does the work through the running portal, or in the database where no portal runs. */
export async function useAccess<T>(
  place: LedgerPlace,
  parts: { clock: Clock; logger: Logger; author: string },
  work: (access: AccessCommands) => Promise<T>,
): Promise<T> {
  const answered = await withOwnerSocket(
    place.dataFolder,
    async (path) => await work(overSocket(path, parts.author)),
  );
  if (answered !== undefined) return answered.result;
  const store = new Store(place, parts);
  try {
    await store.open();
    const database = store.database;
    const access = new Access({
      ...parts,
      database,
      policy: () => DEFAULT_POLICY,
      memberships: async () => [],
    });
    return await work(inDatabase(access, parts.author));
  } finally {
    await store.close();
  }
}

function overSocket(socketPath: string, author: string): AccessCommands {
  const ask = async (method: string, path: string, body?: unknown) =>
    await askOverSocket(socketPath, { method, path }, author, body);
  return {
    createToken: async ({ expiresMs, ...token }) => {
      const expires = expiresMs === undefined ? {} : { expires: new Date(expiresMs).toISOString() };
      return ((await ask('POST', '/api/v1/tokens', { ...token, ...expires })) as { token: string }).token;
    },
    tokens: async () => ((await ask('GET', '/api/v1/tokens')) as { data: TokenRow[] }).data,
    revoke: async (id) => {
      await ask('DELETE', `/api/v1/tokens/${encodeURIComponent(id)}`);
      return true;
    },
    invite: async (person) => {
      const path = `/api/v1/people/${encodeURIComponent(person)}/invitation`;
      return ((await ask('POST', path)) as { link: string }).link;
    },
  };
}

function inDatabase({ tokens, people }: Access, author: string): AccessCommands {
  return {
    createToken: async (token) => (await tokens.create(token, ownerAsker(author))).secret,
    tokens: async () => (await tokens.list()).map(tokenRowOf),
    revoke: async (id) => await tokens.revoke(id),
    invite: async (person) => {
      const invitation = await people.invite(person);
      if (invitation === undefined) throw new UserError(noPerson(person));
      return `/invitation/${invitation.secret}`;
    },
  };
}
