import { z } from 'zod';
import { wordOf, type DocumentKind, type Documents } from '../../accounts/accounts.ts';
import { accountDocument, grantDocument } from '../../accounts/grants/documents.ts';
import { markDocument } from '../../accounts/grants/marks.ts';
import { priceBookDocument } from '../../accounts/price-books/documents.ts';
import { accountRow, accountRowOf, putAnswer, versionRow, versionRowOf } from '../shapes/account-answers.ts';
import { errorAnswer, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { authorOf } from '../shapes/author.ts';
import { conditionOf, etagOf } from '../shapes/etag.ts';
import { nameText, parameterTable } from '../shapes/parameters.ts';
import { ProblemError, RequestError } from '../shapes/request-error.ts';
import { scopeFor } from './scope-for.ts';

const nameParameter = z.object({ name: nameText().meta({ examples: ['climate'] }) });

const MOST_BODY_BYTES = 4 * 2 ** 20;

/** Accounts, and the changes of grants, accounts, price books and marks one by one. */
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
  history(server, parts, 'grant', '/api/v1/grants/:name');
  history(server, parts, 'price_book', '/api/v1/price-books/:name');
  history(server, parts, 'mark', '/api/v1/marks/:name');
  changes(server, parts, 'grant', '/api/v1/grants/:name', grantDocument);
  changes(server, parts, 'account', '/api/v1/accounts/:name', accountDocument);
  changes(server, parts, 'price_book', '/api/v1/price-books/:name', priceBookDocument);
  changes(server, parts, 'mark', '/api/v1/marks/:name', markDocument);
}

function history(server: ApiServer, parts: ApiParts, kind: DocumentKind, path: string): void {
  const word = wordOf(kind);
  server.get(
    `${path}/history`,
    {
      schema: {
        summary: `The versions of a ${word}, the newest first: who changed what when`,
        params: nameParameter,
        querystring: parameterTable({}),
        response: { 200: pageOf(versionRow), default: errorAnswer },
      },
    },
    async (request) => {
      const { name } = request.params;
      const versions = await parts.accounts.history(kind, name, scopeFor(request, parts));
      if (versions.length === 0)
        throw new ProblemError(404, `No such ${word}`, `there is no ${word} '${name}'`);
      return { data: versions.map(versionRowOf), next: null };
    },
  );
}

function changes<K extends DocumentKind>(
  server: ApiServer,
  parts: ApiParts,
  kind: K,
  path: string,
  document: z.ZodType<Documents[K]>,
): void {
  const word = wordOf(kind);
  server.put(
    path,
    {
      bodyLimit: MOST_BODY_BYTES,
      onRequest: async (request) => void authorOf(request, parts),
      schema: {
        summary: `Writes the ${word}: creates it with If-None-Match: *, replaces it with If-Match and its ETag`,
        params: nameParameter,
        body: document,
        response: { 200: putAnswer, 201: putAnswer, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const body = request.body as Documents[K];
      if (body.name !== name)
        throw new RequestError(
          `name: is '${body.name}', but the address says '${name}'; a ${word} keeps its name`,
        );
      const { version, created } = await parts.accounts.put(
        kind,
        body,
        conditionOf(request),
        authorOf(request, parts),
      );
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
        summary: `Removes the ${word}, with If-Match and its ETag; its history stays`,
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
