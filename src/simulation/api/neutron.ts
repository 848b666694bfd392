import { createHash } from 'node:crypto';
import type { FloatingIpLife } from '../model/belongings.ts';
import type { ApiContext } from './context/api-context.ts';
import { ApiError, formatSeconds, type Answer, type ApiRequest } from './context/exchange.ts';
import { NETWORK_PATH } from './keystone/keystone-catalog.ts';
import { unauthorized } from './keystone/keystone-errors.ts';
import { nextPageQuery } from './nova/nova-paging.ts';
import type { Token } from './context/tokens.ts';

/** Neutron's part of the simulated APIs: `GET /network/v2.0/floatingips`, in pages if the request has a limit. */
export function answerNeutron(request: ApiRequest, context: ApiContext): Answer {
  const token = context.tokens.find(request.headers['x-auth-token'], context.nowMs);
  if (token === undefined) throw unauthorized(request.origin);
  if (context.services.network === 'forbidden')
    throw neutronError('PolicyNotAuthorized', 403, 'rule:get_floatingip is disallowed by policy');
  if (request.path !== `${NETWORK_PATH}/v2.0/floatingips` || context.services.network === 'missing')
    throw neutronError('HTTPNotFound', 404, 'The resource could not be found.');
  return listFloatingIps(request, context, token);
}

function listFloatingIps(request: ApiRequest, context: ApiContext, token: Token): Answer {
  const { query } = request;
  const ips = visibleIps(query, context, token);
  const marker = query.get('marker');
  const first = marker === null ? 0 : ips.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && first === 0)
    throw neutronError('FloatingIPNotFound', 404, `Floating IP ${marker} could not be found`);
  const limit = Math.min(Number(query.get('limit')) || Infinity, context.maxLimit);
  const page = ips.slice(first, first + limit);
  const last = page.length === limit ? page.at(-1) : undefined;
  const href = `${request.origin}${request.path}?${nextPageQuery(query, last?.id ?? '')}`;
  const fields = query.getAll('fields');
  return {
    status: 200,
    body: {
      floatingips: page.map((ip) => chosen(describeIp(ip), fields)),
      ...(last && { floatingips_links: [{ rel: 'next', href }] }),
    },
  };
}

/** The floating IPs in Neutron's order, by id. Users who are not administrators see only those of their project. */
function visibleIps(query: URLSearchParams, { model, nowMs }: ApiContext, { user }: Token): FloatingIpLife[] {
  const projectId = user.role === 'admin' ? query.get('project_id') : user.project.id;
  return model
    .belongings(nowMs, nowMs)
    .floatingIps.filter(({ deletedMs = Infinity }) => deletedMs > nowMs)
    .filter((ip) => projectId === null || ip.projectId === projectId)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function describeIp({ id, projectId, createdMs }: FloatingIpLife): Record<string, unknown> {
  const [a = 0, b = 0] = createHash('sha256').update(id).digest();
  return {
    id,
    tenant_id: projectId,
    project_id: projectId,
    floating_ip_address: `203.0.113.${(a * 256 + b) % 254}`,
    fixed_ip_address: null,
    port_id: null,
    router_id: null,
    status: 'DOWN',
    description: '',
    created_at: formatSeconds(createdMs),
    updated_at: formatSeconds(createdMs),
    revision_number: 0,
    tags: [],
  };
}

function chosen(ip: Record<string, unknown>, fields: string[]): Record<string, unknown> {
  if (fields.length === 0) return ip;
  return Object.fromEntries(fields.filter((field) => field in ip).map((field) => [field, ip[field]]));
}

function neutronError(type: string, status: number, message: string): ApiError {
  return new ApiError({ status, body: { NeutronError: { type, message, detail: '' } } });
}
