import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Scope } from '../../access/rights/scope.ts';
import type { AccountsState } from '../../accounts/accounts.ts';
import { grantBalances } from '../../accounts/grant-balances.ts';
import type { PresentGrant } from '../../accounts/grants/grant.ts';
import { markOfDocument } from '../../accounts/grants/marks.ts';
import { isWhole } from '../../accounts/grants/visible.ts';
import { errorAnswer, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { grantDetail, grantDetailOf, grantRow, grantRowOf } from '../shapes/grant-answers.ts';
import { isOperator } from '../shapes/author.ts';
import { etagOf } from '../shapes/etag.ts';
import { parameterTable } from '../shapes/parameters.ts';
import { answersFor } from './answers-for.ts';
import { goneOf } from './gone.ts';
import { scopeFor } from './scope-for.ts';

export function grantsRoute(server: ApiServer, parts: ApiParts): void {
  const { accounts, clock } = parts;
  const balancesOf = async (
    reply: FastifyReply,
    scope: Scope,
    { grants, books: all, marks }: AccountsState & { grants: readonly PresentGrant[] },
  ) => {
    const books = all.map(({ document }) => document);
    const asked = { scope, grants, books, marks: marks.map(({ document }) => markOfDocument(document)) };
    const units = new Map(books.map(({ name, unit }) => [name, unit]));
    const balances = await grantBalances(answersFor(reply, parts), asked, clock.nowMs(), goneOf(reply));
    return { ...balances, units };
  };
  server.get(
    '/api/v1/grants',
    {
      schema: {
        summary: 'The grants with their projects, people and what is left of their allowances',
        querystring: parameterTable({}),
        response: { 200: pageOf(grantRow), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const scope = scopeFor(request, parts);
      const present = await accounts.present(scope);
      const { grants } = present;
      const balances = await balancesOf(reply, scope, { ...present, grants: grants.filter(isWhole) });
      return { data: grants.map((grant) => grantRowOf(grant, balances)), next: null };
    },
  );
  server.get(
    '/api/v1/grants/:name',
    {
      schema: {
        summary: 'A grant with its allowances, and what is left of them',
        params: z.object({
          name: z.string().meta({ description: 'Name of the grant', examples: ['climate'] }),
        }),
        querystring: parameterTable({}),
        response: { 200: grantDetail, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const scope = scopeFor(request, parts);
      const present = await accounts.present(scope);
      const grant = present.grants.find((candidate) => candidate.name === name);
      if (grant === undefined)
        return await reply
          .code(404)
          .send({ error: `there is no grant '${name.slice(0, 100)}'; /api/v1/grants lists them` });
      const balances = await balancesOf(reply, scope, { ...present, grants: [grant].filter(isWhole) });
      if (isWhole(grant)) reply.header('etag', etagOf(grant.version));
      return await reply.send(grantDetailOf(grant, balances, { mail: isOperator(request, parts) }));
    },
  );
}
