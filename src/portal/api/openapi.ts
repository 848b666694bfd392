import swagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { version } from '../../runtime/version.ts';
import type { ApiServer } from './shapes/api-parts.ts';

/** Describes the routes that are registered later, from the schemas that check their requests. */
export async function describeApi(server: ApiServer): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'stackmeter portal',
        version,
        description: 'Usage of projects on OpenStack clouds. Errors are {"error": "one line"}.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
    },
    transform: jsonSchemaTransform,
  });
  server.get('/api/openapi.json', { schema: { hide: true } }, async () => server.swagger());
}
