import type { VolumeLife } from '../model/belongings.ts';
import type { ApiContext } from './context/api-context.ts';
import { ApiError, formatMicroseconds, type Answer, type ApiRequest } from './context/exchange.ts';
import { unauthorized } from './keystone/keystone-errors.ts';
import { VOLUME_PATH } from './keystone/keystone-catalog.ts';
import { nextPageQuery, parsePage } from './nova/nova-paging.ts';
import type { Token } from './context/tokens.ts';

/** Cinder's part of the simulated APIs: `GET /volume/v3/PROJECT/volumes/detail`, newest first, in pages. */
export function answerCinder(request: ApiRequest, context: ApiContext): Answer {
  const token = context.tokens.find(request.headers['x-auth-token'], context.nowMs);
  if (token === undefined) throw unauthorized(request.origin);
  if (context.services.volume === 'forbidden')
    throw cinderError('forbidden', 403, "Policy doesn't allow volume:get_all to be performed.");
  const path = `${VOLUME_PATH}/${token.user.project.id}/volumes/detail`;
  if (request.path !== path || context.services.volume === 'missing')
    throw cinderError('itemNotFound', 404, 'The resource could not be found.');
  return listVolumes(request, context, token);
}

function listVolumes(request: ApiRequest, context: ApiContext, token: Token): Answer {
  const { limit, marker } = parsePage(request.query, context.maxLimit);
  const volumes = visibleVolumes(request, context, token);
  const first = marker === undefined ? 0 : volumes.findIndex(({ id }) => id === marker) + 1;
  if (marker !== undefined && first === 0)
    throw cinderError('itemNotFound', 404, `Volume ${marker} could not be found.`);
  const page = volumes.slice(first, first + limit);
  const last = page.length === limit ? page.at(-1) : undefined;
  const href = `${request.origin}${request.path}?${nextPageQuery(request.query, last?.id ?? '')}`;
  return {
    status: 200,
    body: {
      volumes: page.map((volume) => describeVolume(volume, context.nowMs)),
      ...(last && { volumes_links: [{ rel: 'next', href }] }),
    },
  };
}

/** Like Cinder, ignores `all_tenants` unless the user is an administrator. */
function visibleVolumes({ query }: ApiRequest, { model, nowMs }: ApiContext, { user }: Token): VolumeLife[] {
  const all = user.role === 'admin' && /^(1|true)$/i.test(query.get('all_tenants') ?? '');
  return model
    .belongings(nowMs, nowMs)
    .volumes.filter(({ deletedMs = Infinity }) => deletedMs > nowMs)
    .filter(({ projectId }) => all || projectId === user.project.id)
    .sort((a, b) => b.sizes[0].atMs - a.sizes[0].atMs || (a.id < b.id ? 1 : -1));
}

function describeVolume({ id, projectId, volumeType, sizes }: VolumeLife, nowMs: number) {
  const current = sizes.findLast(({ atMs }) => atMs <= nowMs) ?? sizes[0];
  return {
    id,
    status: 'available',
    size: current.sizeGb,
    availability_zone: 'nova',
    created_at: formatMicroseconds(sizes[0].atMs),
    updated_at: formatMicroseconds(current.atMs),
    name: `volume-${id.slice(0, 8)}`,
    description: null,
    volume_type: volumeType,
    snapshot_id: null,
    source_volid: null,
    metadata: {},
    attachments: [],
    bootable: 'false',
    encrypted: false,
    multiattach: false,
    'os-vol-tenant-attr:tenant_id': projectId,
  };
}

function cinderError(member: string, code: number, message: string): ApiError {
  return new ApiError({ status: code, body: { [member]: { code, message } } });
}
