import { z } from 'zod';
import type { Authorship, DocumentKind, PutOutcome } from '../../accounts/accounts.ts';
import type { Condition } from '../../accounts/grants/condition.ts';
import { accountDocument, grantDocument } from '../../accounts/grants/documents.ts';
import { accountRow, accountRowOf, putAnswer, versionRow, versionRowOf } from '../shapes/account-answers.ts';
import { errorAnswer, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { authorOf } from '../shapes/author.ts';
import { conditionOf, etagOf } from '../shapes/etag.ts';
import { nameText, parameterTable } from '../shapes/parameters.ts';
import { ProblemError, RequestError } from '../shapes/request-error.ts';
import { scopeFor } from './scope-for.ts';

const nameParameter = z.object({ name: nameText() });

const MOST_BODY_BYTES = 4 * 2 ** 20;

/** Accounts, and the changes of accounts and grants one by one. */
export function accountsRoute(server: ApiServer, parts: ApiParts): void {
  const { accounts } = parts;
  server.get(
    '/api/v1/accounts',
    {
      schema: {
        summary: 'The accounts, which answer for grants',
        querystring: parameterTable({}),
        response: { 200: pageOf(accountRow), default: errorAnswer },
      },
    },
    async (request) => {
      const { accounts: all } = await accounts.present(scopeFor(request, parts));
      return { data: all.map(accountRowOf), next: null };
    },
  );
  server.get(
    '/api/v1/grants/:name/history',
    {
      schema: {
        summary: 'The versions of a grant, the newest first: who changed what when',
        params: nameParameter,
        querystring: parameterTable({}),
        response: { 200: pageOf(versionRow), default: errorAnswer },
      },
    },
    async (request) => {
      const { name } = request.params;
      const versions = await accounts.history('grant', name, scopeFor(request, parts));
      if (versions.length === 0) throw new ProblemError(404, 'No such grant', `there is no grant '${name}'`);
      return { data: versions.map(versionRowOf), next: null };
    },
  );
  changes(server, parts, {
    kind: 'grant',
    path: '/api/v1/grants/:name',
    document: grantDocument,
    put: async (...put) => await accounts.putGrant(...put),
  });
  changes(server, parts, {
    kind: 'account',
    path: '/api/v1/accounts/:name',
    document: accountDocument,
    put: async (...put) => await accounts.putAccount(...put),
  });
}

interface ChangesOf<D> {
  kind: DocumentKind;
  path: string;
  document: z.ZodType<D>;
  put: (document: D, condition: Condition, by: Authorship) => Promise<PutOutcome>;
}

function changes<D extends { name: string }>(
  server: ApiServer,
  parts: ApiParts,
  { kind, path, document, put }: ChangesOf<D>,
): void {
  server.put(
    path,
    {
      bodyLimit: MOST_BODY_BYTES,
      onRequest: async (request) => void authorOf(request, parts),
      schema: {
        summary: `Writes the ${kind}: creates it with If-None-Match: *, replaces it with If-Match and its ETag`,
        params: nameParameter,
        body: document,
        response: { 200: putAnswer, 201: putAnswer, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const body = request.body as D;
      if (body.name !== name)
        throw new RequestError(
          `name: is '${body.name}', but the address says '${name}'; a ${kind} keeps its name`,
        );
      const { version, created } = await put(body, conditionOf(request), authorOf(request, parts));
      return await reply
        .code(created ? 201 : 200)
        .header('etag', etagOf(version))
        .send({ name, version });
    },
  );
  server.delete(
    path,
    {
      onRequest: async (request) => void authorOf(request, parts),
      schema: {
        summary: `Removes the ${kind}, with If-Match and its ETag; its history stays`,
        params: nameParameter,
        response: { 204: z.null(), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { ifMatch } = conditionOf(request);
      await parts.accounts.remove(kind, request.params.name, { ifMatch }, authorOf(request, parts));
      return await reply.code(204).send(null);
    },
  );
}
