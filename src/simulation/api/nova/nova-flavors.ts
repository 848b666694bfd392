import type { Flavor } from '../../model/server-life.ts';
import type { ApiContext } from '../context/api-context.ts';
import type { Answer, ApiRequest } from '../context/exchange.ts';
import { NOVA_PATH } from '../keystone/keystone-catalog.ts';
import { markerNotFound, nextPageQuery, parsePage } from './nova-paging.ts';

/** `GET /flavors/detail` in pages, with `description` since 2.55 and `extra_specs` since 2.61. */
export function answerFlavors(request: ApiRequest, context: ApiContext, minor: number): Answer {
  const { limit, marker } = parsePage(request.query, context.maxLimit);
  const { flavors } = context.model;
  const first = marker === undefined ? 0 : flavors.findIndex(({ id }) => id === marker) + 1;
  if (marker !== undefined && first === 0) throw markerNotFound(marker);
  const page = flavors.slice(first, first + limit);
  const last = page.length === limit ? page.at(-1) : undefined;
  const links = last && [
    {
      rel: 'next',
      href: `${request.origin}${NOVA_PATH}/flavors/detail?${nextPageQuery(request.query, last.id)}`,
    },
  ];
  return {
    status: 200,
    body: {
      flavors: page.map((flavor) => describeFlavor(flavor, request.origin, minor)),
      ...(links && { flavors_links: links }),
    },
  };
}

function describeFlavor(flavor: Flavor, origin: string, minor: number) {
  return {
    id: flavor.id,
    name: flavor.name,
    ram: flavor.memoryMb,
    disk: flavor.diskGb,
    swap: minor >= 75 ? 0 : '',
    'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeralGb,
    'OS-FLV-DISABLED:disabled': false,
    vcpus: flavor.vcpus,
    'os-flavor-access:is_public': true,
    rxtx_factor: 1,
    links: [
      { rel: 'self', href: `${origin}${NOVA_PATH}/flavors/${flavor.id}` },
      { rel: 'bookmark', href: `${origin}/compute/flavors/${flavor.id}` },
    ],
    ...(minor >= 55 && { description: null }),
    ...(minor >= 61 && { extra_specs: flavor.extraSpecs }),
  };
}
