import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { EXPOSITION_CONTENT_TYPE } from '../../prometheus/text-format/text-format-writer.ts';
import type { Logger } from '../../runtime/logger.ts';
import { FOREIGN_HOST, isOwnHost } from '../../runtime/http/own-host.ts';
import { describeError } from '../../runtime/user-error.ts';
import type { Rendering, ShownCloud } from './rendering.ts';
import { usagePage } from './usage-page.ts';

interface ExporterView {
  /** Undefined before the first complete refresh. */
  rendering: Rendering | undefined;
  clouds: readonly ShownCloud[];
  /** Why there are no totals yet: one line. */
  waitingFor: string;
}

export interface HttpServerOptions {
  view(): ExporterView;
  logger: Logger;
  /** The exporter's own host names, in addition to addresses and names without a dot. */
  ownNames?: readonly (string | undefined)[];
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  /** The pieces of the body. */
  body: readonly Buffer[];
}

type Route = (request: IncomingMessage, options: HttpServerOptions) => Answer | Promise<Answer>;

const ROUTES: Readonly<Record<string, Route>> = {
  '/': showPage,
  '/metrics': showMetrics,
  '/healthz': () => plain(200, 'ok'),
};

/** `GET /metrics`, `GET /` and `GET /healthz`. A scrape never waits for OpenStack (rule M6). */
export function createExporterServer(options: HttpServerOptions): Server {
  return createServer((request, response) => {
    answer(request, options)
      .then((found) => send(response, found))
      .catch((error: unknown) => {
        options.logger.error({ path: request.url, reason: describeError(error) }, 'a request failed');
        send(response, plain(500, 'the exporter failed; its log says why'));
      });
  });
}

async function answer(request: IncomingMessage, options: HttpServerOptions): Promise<Answer> {
  const path = request.url?.split('?')[0] ?? '/';
  const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (route === undefined) return plain(404, 'there are /metrics, /healthz and /');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(405, 'only GET is answered', { allow: 'GET, HEAD' });
  if (path !== '/healthz' && !isOwnHost(request.headers.host, options.ownNames ?? []))
    return plain(421, FOREIGN_HOST);
  return await route(request, options);
}

async function showMetrics(request: IncomingMessage, options: HttpServerOptions): Promise<Answer> {
  const { rendering, waitingFor } = options.view();
  if (rendering === undefined) return plain(503, waitingFor);
  const headers = { 'content-type': EXPOSITION_CONTENT_TYPE, vary: 'accept-encoding' };
  if (!acceptsGzip(request)) return { status: 200, headers, body: rendering.text() };
  return {
    status: 200,
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: rendering.gzipped(),
  };
}

/** Shows a page to browsers, and the metrics to clients such as `curl`. */
async function showPage(request: IncomingMessage, options: HttpServerOptions): Promise<Answer> {
  if (!(request.headers.accept ?? '').includes('text/html')) return await showMetrics(request, options);
  const { rendering, clouds } = options.view();
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    vary: 'accept',
  };
  const status = rendering === undefined ? 503 : 200;
  return { status, headers, body: [Buffer.from(usagePage(clouds))] };
}

function acceptsGzip({ headers }: IncomingMessage): boolean {
  const codings = headers['accept-encoding']?.split(',').map((coding) => coding.trim()) ?? [];
  return codings.some((coding) => /^gzip(?!\s*;\s*q=0(\.0*)?$)/i.test(coding));
}

function plain(status: number, line: string, headers: Record<string, string> = {}): Answer {
  const body = [Buffer.from(`${line}\n`)];
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body };
}

/** Node.js leaves out the body of an answer to HEAD by itself. */
function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  response.writeHead(status, { ...headers, 'content-length': length });
  for (const piece of body) response.write(piece);
  response.end();
}
