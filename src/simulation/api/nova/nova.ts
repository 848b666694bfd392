import type { ApiContext } from '../context/api-context.ts';
import { ApiError, type Answer, type ApiRequest } from '../context/exchange.ts';
import type { Token } from '../context/tokens.ts';
import { NOVA_PATH } from '../keystone/keystone-catalog.ts';
import { unauthorized } from '../keystone/keystone-errors.ts';
import { HIGHEST_MINOR, LOWEST_MINOR, microversionHeaders, requestedMinor } from './microversion.ts';
import { noSuchPage } from './nova-errors.ts';
import { answerFlavors } from './nova-flavors.ts';
import { answerAction, answerActions } from './nova-instance-actions.ts';
import { answerServer, answerServers } from './nova-servers.ts';
import { answerUsage } from './nova-usage.ts';

/** Nova's part of the simulated APIs: everything below `/compute`. */
export function answerNova(request: ApiRequest, context: ApiContext): Answer {
  if (/^\/compute\/?$/.test(request.path)) return { status: 200, body: { versions: versions(request) } };
  if (!request.path.startsWith(NOVA_PATH)) throw noSuchPage();
  const path = request.path.slice(NOVA_PATH.length).replace(/\/$/, '');
  if (path === '') return withMicroversion(request, () => describeVersion(request));
  const token = context.tokens.find(request.headers['x-auth-token'], context.nowMs);
  if (token === undefined) throw unauthorized(request.origin);
  if (request.method !== 'GET') throw noSuchPage();
  return withMicroversion(request, (minor) => {
    if (path === '/servers/detail') return answerServers(request, context, token, minor);
    if (path === '/flavors/detail') return answerFlavors(request, context, minor);
    if (path === '/os-simple-tenant-usage') return answerUsage(request, context, token, minor);
    const actions = /^\/servers\/([^/]+)\/os-instance-actions(?:\/([^/]+))?$/.exec(path);
    if (actions !== null) return answerActionsOf(actions, request, context, token, minor);
    const one = /^\/(os-simple-tenant-usage|servers)\/([^/]+)$/.exec(path);
    const id = decodeURIComponent(one?.[2] ?? '');
    if (one?.[1] === 'servers') return answerServer(id, request, context, token, minor);
    if (one !== null) return answerUsage(request, context, token, minor, id);
    throw noSuchPage();
  });
}

function answerActionsOf(
  [, server = '', action]: RegExpExecArray,
  request: ApiRequest,
  context: ApiContext,
  token: Token,
  minor: number,
): Answer {
  const id = decodeURIComponent(server);
  if (action === undefined) return answerActions(id, request, context, token, minor);
  return answerAction(id, decodeURIComponent(action), context, token, minor);
}

/** Adds the microversion to every answer, including errors. */
function withMicroversion(request: ApiRequest, answer: (minor: number) => Answer): Answer {
  const minor = requestedMinor(request.headers);
  const headers = microversionHeaders(minor);
  try {
    const { headers: own, ...rest } = answer(minor);
    return { ...rest, headers: { ...headers, ...own } };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError({ ...error.answer, headers: { ...headers, ...error.answer.headers } });
  }
}

function versions({ origin }: ApiRequest) {
  return [
    {
      id: 'v2.1',
      status: 'CURRENT',
      version: `2.${HIGHEST_MINOR}`,
      min_version: `2.${LOWEST_MINOR}`,
      updated: '2013-07-23T11:33:21Z',
      links: [{ rel: 'self', href: `${origin}${NOVA_PATH}/` }],
    },
  ];
}

function describeVersion(request: ApiRequest): Answer {
  const [version] = versions(request);
  return {
    status: 200,
    body: {
      version: {
        ...version,
        links: [
          ...(version?.links ?? []),
          { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' },
        ],
        'media-types': [
          { base: 'application/json', type: 'application/vnd.openstack.compute+json;version=2.1' },
        ],
      },
    },
  };
}
