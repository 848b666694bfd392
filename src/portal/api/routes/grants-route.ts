import { errorAnswer, grantRow, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { grantRowOf } from '../shapes/rows.ts';
import { parameterTable } from '../shapes/parameters.ts';

export function grantsRoute(server: ApiServer, { accounts }: ApiParts): void {
  server.get(
    '/api/v1/grants',
    {
      schema: {
        summary: 'The grants with their projects',
        querystring: parameterTable({}),
        response: { 200: pageOf(grantRow), default: errorAnswer },
      },
    },
    async () => ({ data: (await accounts.present()).grants.map(grantRowOf), next: null }),
  );
}
