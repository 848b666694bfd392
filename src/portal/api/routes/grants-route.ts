import { z } from 'zod';
import { grantBalances } from '../../accounts/grant-balances.ts';
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
      const { grants } = await accounts.present(scope);
      const balances = await grantBalances(
        answersFor(reply, parts),
        { scope, grants: grants.filter(isWhole) },
        clock.nowMs(),
        goneOf(reply),
      );
      return { data: grants.map((grant) => grantRowOf(grant, balances)), next: null };
    },
  );
  server.get(
    '/api/v1/grants/:name',
    {
      schema: {
        summary: 'A grant with its allowances, and what is left of them',
        params: z.object({ name: z.string().meta({ description: 'Name of the grant' }) }),
        querystring: parameterTable({}),
        response: { 200: grantDetail, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const scope = scopeFor(request, parts);
      const grant = (await accounts.present(scope)).grants.find((candidate) => candidate.name === name);
      if (grant === undefined)
        return await reply
          .code(404)
          .send({ error: `there is no grant '${name.slice(0, 100)}'; /api/v1/grants lists them` });
      const balances = await grantBalances(
        answersFor(reply, parts),
        { scope, grants: [grant].filter(isWhole) },
        clock.nowMs(),
        goneOf(reply),
      );
      if (isWhole(grant)) reply.header('etag', etagOf(grant.version));
      return await reply.send(grantDetailOf(grant, balances, { mail: isOperator(request, parts) }));
    },
  );
}
