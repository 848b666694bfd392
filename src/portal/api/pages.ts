import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import serveFiles from '@fastify/static';
import type { ApiServer } from './shapes/api-parts.ts';

/** The built pages: dist/web, both from src/portal/api and from dist/portal/api. */
export const WEB_FOLDER = fileURLToPath(new URL('../../../dist/web', import.meta.url));

/** File names with a hash of the content: these files never change. */
const HASHED = /[\\/]assets[\\/][^\\/]+-[\w-]{8}\.\w+(\.br|\.gz)?$/;

/** Serves the portal's pages. Answers 404 with advice if they are not built. */
export async function servePages(server: ApiServer, folder: string): Promise<void> {
  if (!existsSync(folder)) {
    server.get('/', { schema: { hide: true } }, async (_request, reply) =>
      reply.code(404).send({
        error: "the portal's pages are not built: run 'npm run build'; the API is at /api/openapi.json",
      }),
    );
    return;
  }
  await server.register(serveFiles, {
    root: folder,
    cacheControl: false,
    preCompressed: true,
    setHeaders: (response, path) => {
      response.setHeader('vary', 'accept-encoding');
      response.setHeader(
        'cache-control',
        HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
}
