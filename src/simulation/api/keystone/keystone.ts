import type { Domain, Project } from '../../model/cloud-model.ts';
import type { ApiContext } from '../context/api-context.ts';
import type { Answer, ApiRequest } from '../context/exchange.ts';
import { keystoneForbidden, keystoneNotFound, unauthorized } from './keystone-errors.ts';
import { signIn } from './keystone-sign-in.ts';
import type { Token } from '../context/tokens.ts';
import { USER_DOMAIN } from '../context/users.ts';

/** Keystone's part of the simulated APIs: `/` and `/v3`. */
export function answerKeystone(request: ApiRequest, context: ApiContext): Answer {
  const path = request.path.replace(/(.)\/$/, '$1');
  if (path === '/') return versions(request);
  if (path === '/v3') return { status: 200, body: { version: version(request) } };
  if (path === '/v3/auth/tokens' && request.method === 'POST') return signIn(request, context);
  const token = context.tokens.find(request.headers['x-auth-token'], context.nowMs);
  if (token === undefined) throw unauthorized(request.origin);
  if (request.method === 'GET') {
    if (path === '/v3/auth/projects') return ownProjects(request, context, token);
    if (path === '/v3/projects') return listProjects(request, context, token);
    if (path === '/v3/domains') return listDomains(request, context, token);
    const one = /^\/v3\/(projects|domains)\/([^/]+)$/.exec(path);
    if (one?.[1] === 'projects') return showProject(one[2] ?? '', request, context, token);
    if (one?.[1] === 'domains') return showDomain(one[2] ?? '', request, context, token);
  }
  throw keystoneNotFound('The resource could not be found.');
}

/** 300 Multiple Choices with a body. Clients must not follow it as a redirect. */
function versions(request: ApiRequest): Answer {
  return {
    status: 300,
    headers: { Location: `${request.origin}/v3/` },
    body: { versions: { values: [version(request)] } },
  };
}

function version({ origin }: ApiRequest) {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${origin}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function listProjects(request: ApiRequest, { model }: ApiContext, token: Token): Answer {
  requireAdmin(token, 'identity:list_projects');
  const domainId = request.query.get('domain_id');
  const projects = model.projects
    .filter((project) => domainId === null || project.domainId === domainId)
    .filter(named(request));
  return list('projects', projects.map(describeProject(request)), request);
}

/** The project of the token. An administrator's project need not be in the model. */
function ownProjects(request: ApiRequest, { model }: ApiContext, { user }: Token): Answer {
  const own = model.projects.find(({ id }) => id === user.project.id) ?? {
    ...user.project,
    domainId: USER_DOMAIN.id,
  };
  return list('projects', [describeProject(request)(own)], request);
}

function listDomains(request: ApiRequest, { model }: ApiContext, token: Token): Answer {
  requireAdmin(token, 'identity:list_domains');
  return list('domains', model.domains.filter(named(request)).map(describeDomain(request)), request);
}

function showProject(id: string, request: ApiRequest, { model }: ApiContext, token: Token): Answer {
  const project = model.projects.find((candidate) => candidate.id === id);
  if (project?.id !== token.user.project.id) requireAdmin(token, 'identity:get_project');
  if (project === undefined) throw keystoneNotFound(`Could not find project: ${id}.`);
  return { status: 200, body: { project: describeProject(request)(project) } };
}

function showDomain(id: string, request: ApiRequest, { model }: ApiContext, token: Token): Answer {
  requireAdmin(token, 'identity:get_domain');
  const domain = model.domains.find((candidate) => candidate.id === id);
  if (domain === undefined) throw keystoneNotFound(`Could not find domain: ${id}.`);
  return { status: 200, body: { domain: describeDomain(request)(domain) } };
}

function requireAdmin({ user }: Token, action: string): void {
  if (user.role !== 'admin') throw keystoneForbidden(action);
}

/** Like Keystone, ignores the case of names. */
function named({ query }: ApiRequest): (thing: { name: string }) => boolean {
  const name = query.get('name')?.toLowerCase();
  return (thing) => name === undefined || thing.name.toLowerCase() === name;
}

function list(member: string, things: unknown[], request: ApiRequest): Answer {
  const query = request.query.toString();
  const self = `${request.origin}${request.path}${query === '' ? '' : `?${query}`}`;
  return {
    status: 200,
    headers: { Vary: 'X-Auth-Token' },
    body: { [member]: things, links: { next: null, self, previous: null } },
  };
}

function describeProject({ origin }: ApiRequest) {
  return ({ id, name, domainId }: Project) => ({
    id,
    name,
    domain_id: domainId,
    description: '',
    enabled: true,
    parent_id: domainId,
    is_domain: false,
    tags: [],
    options: {},
    links: { self: `${origin}/v3/projects/${id}` },
  });
}

function describeDomain({ origin }: ApiRequest) {
  return ({ id, name }: Domain) => ({
    id,
    name,
    description: '',
    enabled: true,
    tags: [],
    options: {},
    links: { self: `${origin}/v3/domains/${id}` },
  });
}
