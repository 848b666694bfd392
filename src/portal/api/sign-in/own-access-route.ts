import { z } from 'zod';
import { ANYONE, type Asker } from '../../access/asker.ts';
import { EVERYTHING, scopeOf } from '../../access/rights/scope.ts';
import { allowedBy } from '../../access/rights/explain.ts';
import { covers, nameOfRole } from '../../access/rights/roles.ts';
import { isWhole } from '../../accounts/grants/visible.ts';
import { mayManage, type TokenOwner } from '../../access/tokens.ts';
import {
  meAnswer,
  newTokenAnswer,
  newTokenBody,
  rightRowOf,
  tokenRow,
  tokenRowOf,
} from '../shapes/access-answers.ts';
import { errorAnswer, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { askerOf } from '../shapes/asker-of.ts';
import { parameterTable } from '../shapes/parameters.ts';
import { ProblemError, RequestError } from '../shapes/request-error.ts';
import { UserError } from '../../../runtime/user-error.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';

/** The rights of somebody with their reasons. Without a sign-in, anyone is an operator (P1). */
export function meRoute(server: ApiServer, { accounts, signIn }: ApiParts): void {
  server.get(
    '/api/v1/me',
    {
      schema: {
        summary: 'Who asks, with which rights and why',
        querystring: parameterTable({}),
        response: { 200: meAnswer, default: errorAnswer },
      },
    },
    async (request) => {
      const asker = signIn === undefined ? ANYONE : askerOf(request);
      const { who, by, person = null, rights } = asker;
      const { grants } = await accounts.present(EVERYTHING);
      const people = grants.filter(isWhole).flatMap((grant) => grant.people);
      const name = people.find((one) => one.person === person)?.name ?? null;
      const { books } = await accounts.present(scopeOf(rights));
      return {
        who,
        by,
        person,
        name,
        rights: rights.map(rightRowOf),
        allowed: allowedBy(rights),
        price_books: books.length,
      };
    },
  );
}

/** The tokens that somebody answers for. */
export function tokenRoutes(server: ApiServer, { access: { tokens } }: SignInParts): void {
  server.get(
    '/api/v1/tokens',
    {
      schema: {
        summary: 'The tokens that you answer for; an operator answers for all',
        querystring: parameterTable({}),
        response: { 200: pageOf(tokenRow), default: errorAnswer },
      },
    },
    async (request) => {
      const own = (await tokens.list()).filter(({ owner }) => mayManage(askerOf(request), owner));
      return { data: own.map(tokenRowOf), next: null };
    },
  );
  server.post(
    '/api/v1/tokens',
    {
      schema: {
        summary: 'Makes a token with roles that its owner has',
        body: newTokenBody,
        response: { 201: newTokenAnswer, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const asker = askerOf(request);
      const { name, roles, expires } = request.body;
      const owner = request.body.owner ?? ownerFor(asker);
      requireManager(asker, owner);
      requireRoles(asker, roles);
      const expiresMs = expires === undefined ? undefined : Date.parse(expires);
      const { id, secret } = await tokens.create({ name, owner, roles, expiresMs }, asker).catch(refuse);
      return await reply.code(201).send({ id, token: secret });
    },
  );
  revokeRoute(server, tokens);
}

function refuse(error: unknown): never {
  throw error instanceof UserError ? new RequestError(error.message) : error;
}

function revokeRoute(server: ApiServer, tokens: SignInParts['access']['tokens']): void {
  server.delete(
    '/api/v1/tokens/:id',
    {
      schema: {
        summary: 'Ends a token, at all portals at once',
        params: z.object({ id: z.string().regex(/^\d{1,18}$/, 'must be the id of a token') }),
        response: { 204: z.null(), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const asker = askerOf(request);
      const { id } = request.params;
      const token = (await tokens.list()).find((one) => one.id === id);
      // The token of somebody else is not there (P2).
      if (token === undefined || !mayManage(asker, token.owner))
        throw new ProblemError(404, 'No such token', `there is no token ${id}`);
      requireManager(asker, token.owner);
      await tokens.revoke(id);
      return await reply.code(204).send(null);
    },
  );
}

function ownerFor({ person }: Asker): TokenOwner {
  return person === undefined ? { kind: 'installation' } : { kind: 'person', person };
}

/** A token that was stolen must not make others that outlive it. */
function requireManager(asker: Asker, owner: TokenOwner): void {
  if (asker.by === 'token')
    throw new ProblemError(403, 'Not allowed', 'a token cannot make or revoke tokens; sign in as a person');
  if (!mayManage(asker, owner))
    throw new ProblemError(
      403,
      'Not allowed',
      'you may make tokens for yourself, and for your sites and grants',
    );
}

/** Says at once what the token could never do. Each use checks it again, against its owner. */
function requireRoles({ rights }: Asker, roles: Parameters<typeof nameOfRole>[0][]): void {
  const foreign = roles.find((role) => !rights.some((right) => covers(right.role, role)));
  if (foreign !== undefined)
    throw new ProblemError(403, 'Not allowed', `you do not have the role ${nameOfRole(foreign)} yourself`);
}
