import type { Grant, GrantRow } from '../../ledger/ledger.ts';
import { errorAnswer, grantRow, pageOf } from '../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { parameterTable } from '../shapes/parameters.ts';

export function grantsRoute(server: ApiServer, { grants = () => [] }: ApiParts): void {
  server.get(
    '/api/v1/grants',
    {
      schema: {
        summary: 'The grants, and the projects that each links',
        querystring: parameterTable({}),
        response: { 200: pageOf(grantRow), default: errorAnswer },
      },
    },
    async () => ({ data: grants().map(rowOf), next: null }),
  );
}

function rowOf({ name, projects }: Grant): GrantRow {
  return {
    name,
    projects: projects.map(({ site, cloud = null, projectId }) => ({ site, cloud, project_id: projectId })),
  };
}
