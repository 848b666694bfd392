import { fastify } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { expect, it, onTestFinished } from 'vitest';
import { createPortalMetrics } from '../../metrics.ts';
import type { Receiver } from '../../remote-write/receiver.ts';
import { healthzRoute } from '../routes/healthz-route.ts';
import { sitesRoute } from '../routes/sites-route.ts';
import { writeRoute } from '../routes/write-route.ts';
import type { ApiParts, ApiServer } from '../shapes/api-parts.ts';
import { describeApi } from './openapi.ts';

async function documentOf(hasSignIn: boolean) {
  const server = fastify() as unknown as ApiServer;
  onTestFinished(async () => await server.close());
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  await describeApi(server, hasSignIn);
  const parts = { receiver: {} as Receiver, metrics: createPortalMetrics() } as ApiParts;
  for (const route of [healthzRoute, sitesRoute, writeRoute]) route(server, parts);
  await server.ready();
  const answer = await server.inject('/api/openapi.json');
  return answer.json<{
    paths: Record<string, Record<string, { description?: string; security?: object[] }>>;
    security?: object[];
  }>();
}

it('the document says who may ask each route, and with which token', async () => {
  const { paths, security } = await documentOf(true);
  expect(security).toEqual([{ token: [] }]);
  expect(paths).toMatchObject({
    '/healthz': { get: { security: [] } },
    '/api/v1/sites': { get: { description: expect.stringContaining('For everyone with a role') as string } },
    '/api/v1/write': {
      post: {
        security: [{ sender: [] }, { sender_password: [] }],
        requestBody: { content: { 'application/x-protobuf': {} } },
        responses: { 204: {}, default: {} },
      },
    },
  });
});

it('the document of a portal without [access] asks for no token', async () => {
  const { paths, security } = await documentOf(false);
  expect([security, paths['/api/v1/sites']?.['get']?.security]).toEqual([undefined, undefined]);
  expect(paths['/api/v1/write']?.['post']?.security).toHaveLength(2);
});
