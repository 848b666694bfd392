import swagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { version } from '../../../runtime/version.ts';
import type { ApiServer } from '../shapes/api-parts.ts';
import { needOf, type Need } from '../sign-in/route-needs.ts';
import { apiPageRoute } from './page-route.ts';

const SECURITY_SCHEMES = {
  token: { type: 'http', scheme: 'bearer', description: 'A token of the API, such as smt_…' },
  sender: { type: 'http', scheme: 'bearer', description: 'The token of a sender of portal.toml' },
  sender_password: { type: 'http', scheme: 'basic', description: 'The name of a sender, and its token' },
} as const;

const NEED_WORDS: Readonly<Record<Need, string>> = {
  nothing: 'Anyone may ask.',
  'a sign-in': 'For everyone who is signed in.',
  'a role': 'For everyone with a role. The answer has only what the roles allow to read.',
  everything: 'For operators and auditors.',
  'an operator': 'For operators.',
};

/** Describes the routes that are registered later, from the schemas that check their requests. */
export async function describeApi(server: ApiServer, hasSignIn: boolean): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'stackmeter portal',
        version,
        description: 'Usage of projects on OpenStack clouds. Errors are {"error": "one line"}.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: SECURITY_SCHEMES },
      ...(hasSignIn ? { security: [{ token: [] }] } : {}),
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      const need = needOf(String(route.route.method), url, url);
      if (!hasSignIn || need === undefined) return { schema, url };
      const security = need === 'nothing' ? { security: [] } : {};
      return { schema: { description: NEED_WORDS[need], ...security, ...schema }, url };
    },
  });
  server.get('/api/openapi.json', { schema: { hide: true } }, async () => server.swagger());
  apiPageRoute(server);
}
