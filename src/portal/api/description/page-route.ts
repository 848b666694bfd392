import type { ApiServer } from '../shapes/api-parts.ts';
import { STYLE } from '../sign-in/html.ts';
import { pageOfApi, type ApiDocument } from './page.ts';

const OWN_STYLE = `${STYLE}
body { max-width: 60rem; margin: 1rem auto }
main { padding: 1rem }
details { padding: .5rem 0; border-top: 1px solid var(--line) }
summary { cursor: pointer }
h2 { display: inline; margin: 0 .5rem 0 0; font-size: 1rem }
h3 { margin: 1rem 0 .25rem; font-size: 1rem }
dd { margin: 0 0 .5rem 1.5rem }
ul { margin: 0; padding-left: 1.5rem }
pre { overflow: auto; margin: .5rem 0; padding: .5rem; border: 1px solid var(--line); border-radius: .5rem }
`;

/** The OpenAPI document for people to read. */
export function apiPageRoute(server: ApiServer): void {
  const schema = { hide: true };
  let page: string | undefined;
  server.get('/api/', { schema }, async (_request, reply) => {
    page ??= pageOfApi(server.swagger() as unknown as ApiDocument);
    return await reply.type('text/html; charset=utf-8').send(page);
  });
  server.get('/api', { schema }, async (_request, reply) => await reply.redirect('api/'));
  server.get('/api/style.css', { schema }, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(OWN_STYLE),
  );
}
