import type { IncomingMessage, ServerResponse } from 'node:http';
import compress from '@fastify/compress';
import { fastify, LogController, type RawServerDefault } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { includesAddress, parseAddresses } from '../../runtime/http/client-addresses.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ApiParts, ApiServer } from './shapes/api-parts.ts';
import { chargesRoute } from './routes/prices/charges-route.ts';
import { coverageRoute } from './routes/coverage-route.ts';
import { eventsRoute } from './events/events-route.ts';
import { LiveStreams } from './events/live-streams.ts';
import { answerErrors, answerUnroutable } from './errors.ts';
import { accountsRoute } from './routes/accounts-route.ts';
import { grantsFileRoute } from './routes/grants-file-route.ts';
import { grantsRoute } from './routes/grants-route.ts';
import { healthzRoute } from './routes/healthz-route.ts';
import { metricsRoute } from './routes/metrics-route.ts';
import { describeApi } from './description/openapi.ts';
import { refuseForeignHosts } from './own-host-hook.ts';
import { servePages, WEB_FOLDER } from './pages.ts';
import { priceBooksRoute } from './routes/prices/price-books-route.ts';
import { whatIfRoute } from './routes/prices/what-if-route.ts';
import { quoteRoute } from './routes/prices/quote-route.ts';
import { marksRoute } from './routes/prices/marks-route.ts';
import { projectUsageRoute } from './routes/project-usage/project-usage-route.ts';
import { projectsRoute } from './routes/projects-route.ts';
import { qualityRoutes } from './routes/quality/quality-routes.ts';
import { readyzRoute } from './routes/readyz-route.ts';
import { takeTurns } from './question-turns-hook.ts';
import { requestLog } from './request-log.ts';
import { secureAnswers } from './security-headers.ts';
import { sitesRoute } from './routes/sites-route.ts';
import { endSlowClients } from './slow-clients-hook.ts';
import { AnswerMemory } from './shapes/answer-memory.ts';
import { auditRequests } from './sign-in/audit-hook.ts';
import { auditRoute } from './sign-in/audit-route.ts';
import { invitationRoutes } from './sign-in/invitation-route.ts';
import { meRoute, tokenRoutes } from './sign-in/own-access-route.ts';
import { signInRoutes } from './sign-in/sign-in-route.ts';
import { signOutRoute } from './sign-in/sign-out-route.ts';
import { askWho } from './sign-in/who-asks.ts';
import { answerUnchanged } from './unchanged-hook.ts';
import { usageRoute } from './routes/usage-route.ts';
import { writeRoute } from './routes/write-route.ts';

export interface ApiOptions extends ApiParts {
  logger: Logger;
  /** Folder of the built pages. */
  webFolder?: string | undefined;
  /** Our host names, beside addresses and names without a dot. */
  ownNames?: readonly (string | undefined)[] | undefined;
  /** The pages that wait for new readings. */
  live?: LiveStreams | undefined;
}

const ROUTES = [
  sitesRoute,
  projectsRoute,
  grantsRoute,
  grantsFileRoute,
  accountsRoute,
  priceBooksRoute,
  chargesRoute,
  whatIfRoute,
  quoteRoute,
  marksRoute,
  coverageRoute,
  qualityRoutes,
  usageRoute,
  projectUsageRoute,
  metricsRoute,
  healthzRoute,
  readyzRoute,
  writeRoute,
  meRoute,
  eventsRoute,
];

/** Creates the server of the API, the metrics and the pages, ready to listen. */
export async function createApiServer({
  logger,
  webFolder,
  ownNames = [],
  answerMemory = new AnswerMemory(),
  live = new LiveStreams(),
  ...parts
}: ApiOptions): Promise<ApiServer> {
  const server: ApiServer = fastify<RawServerDefault, IncomingMessage, ServerResponse>({
    loggerInstance: logger,
    childLoggerFactory: requestLog,
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: answerUnroutable,
    requestTimeout: 30_000,
    trustProxy: trustedBy(parts.signIn),
    routerOptions: { maxParamLength: 512 },
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  answerErrors(server);
  secureAnswers(server);
  answerUnchanged(server);
  endSlowClients(server, answerMemory);
  refuseForeignHosts(server, ownNames, parts.signIn !== undefined);
  if (parts.signIn !== undefined) {
    auditRequests(server, parts.signIn);
    askWho(server, parts.signIn, parts.ownerRequests);
    takeTurns(server);
  }
  await server.register(compress, {
    encodings: ['gzip', 'identity'],
    threshold: 1024,
    globalDecompression: false,
  });
  await describeApi(server, parts.signIn !== undefined);
  for (const route of ROUTES) route(server, { ...parts, answerMemory, live });
  if (parts.signIn !== undefined)
    for (const route of [signInRoutes, signOutRoute, tokenRoutes, auditRoute, invitationRoutes])
      route(server, parts.signIn);
  await servePages(server, webFolder ?? WEB_FOLDER);
  await server.ready();
  return server;
}

/** A reload may change the proxies that are trusted. */
function trustedBy(signIn: ApiParts['signIn']): false | ((address: string) => boolean) {
  if (signIn === undefined) return false;
  return (address) => {
    const trusted = parseAddresses(signIn.config().trustedProxies);
    return trusted !== undefined && includesAddress(trusted, address);
  };
}
