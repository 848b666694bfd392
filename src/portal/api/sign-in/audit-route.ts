import { auditRow, auditRowOf } from '../shapes/access-answers.ts';
import { errorAnswer, pageOf } from '../shapes/answers.ts';
import type { ApiServer } from '../shapes/api-parts.ts';
import { cursorParameter, limitParameter, parameterTable } from '../shapes/parameters.ts';
import { RequestError } from '../shapes/request-error.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';

/** The audit, for operators and auditors. */
export function auditRoute(server: ApiServer, { access: { audit } }: SignInParts): void {
  server.get(
    '/api/v1/audit',
    {
      schema: {
        summary: 'Sign-ins, refusals, changes and exports, the newest first',
        querystring: parameterTable({ limit: limitParameter, cursor: cursorParameter }),
        response: { 200: pageOf(auditRow), default: errorAnswer },
      },
    },
    async ({ query: { limit, cursor } }) => {
      if (cursor !== undefined && !/^\d{1,18}$/.test(cursor))
        throw new RequestError('cursor: is not from an answer of the audit');
      const rows = await audit.list(limit, cursor);
      return { data: rows.map(auditRowOf), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) };
    },
  );
}
