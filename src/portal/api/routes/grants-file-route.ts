import { z } from 'zod';
import { EVERYTHING } from '../../access/rights/scope.ts';
import { grantParts, grantsFile } from '../../accounts/grants/documents.ts';
import { changesAnswer, fileAnswer } from '../shapes/account-answers.ts';
import { errorAnswer } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { authorOf } from '../shapes/author.ts';
import { dimensionsParameter, nameText, parameterTable } from '../shapes/parameters.ts';

/** 20,000 grants with their projects. */
const MOST_BODY_BYTES = 64 * 2 ** 20;

const switchParameter = (description: string) =>
  z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((text) => text === 'true')
    .meta({ description });

/** People, accounts, grants, price books and marks as one file, for the commands `stackmeter portal grants`. */
export function grantsFileRoute(server: ApiServer, parts: ApiParts): void {
  const { accounts } = parts;
  const onRequest = async (request: Parameters<typeof authorOf>[0]) => void authorOf(request, parts);
  server.get(
    '/api/v1/grants-file',
    {
      onRequest,
      schema: {
        summary: 'All people, accounts, grants, price books and marks, in the form that POST takes',
        querystring: parameterTable({}),
        response: { 200: fileAnswer, default: errorAnswer },
      },
    },
    async () => await accounts.file(EVERYTHING),
  );
  server.post(
    '/api/v1/grants-file',
    {
      onRequest,
      bodyLimit: MOST_BODY_BYTES,
      schema: {
        summary:
          'Makes the named people, accounts, grants, price books and marks exactly what the file says; all or nothing',
        querystring: parameterTable({
          dry_run: switchParameter('Only says what would change'),
          remove_missing: switchParameter('Also removes grants and accounts that the file does not name'),
          keep: dimensionsParameter(
            grantParts,
            '',
            'Parts of a grant that stay as they are, with commas between them',
          ),
        }),
        body: grantsFile,
        response: { 200: changesAnswer, default: errorAnswer },
      },
    },
    async (request) => {
      const { dry_run: dryRun, remove_missing: removeMissing, keep } = request.query;
      const options = { dryRun, removeMissing, keep: [...keep] };
      return { changes: [...(await accounts.apply(request.body, authorOf(request, parts), options))] };
    },
  );
  server.delete(
    '/api/v1/people/:id',
    {
      onRequest,
      schema: {
        summary: 'Erases name and mail of a person; the history keeps the id',
        params: z.object({ id: nameText() }),
        response: { 200: changesAnswer, default: errorAnswer },
      },
    },
    async (request) => ({
      changes: [...(await accounts.erase(request.params.id, authorOf(request, parts)))],
    }),
  );
}
