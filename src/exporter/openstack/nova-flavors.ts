import { z } from 'zod';
import { linksSchema } from './session/links-schema.ts';
import { microversionHeaders, requireMicroversion } from './session/nova-microversion.ts';
import { nextMarker, parseBody, readPages } from './session/pages.ts';
import type { Session } from './session/session.ts';

/** Flavors have their extra specs from microversion 2.61 on. */
const MICROVERSION = '2.61';

export interface NovaFlavor {
  id: string;
  name: string;
  /** Such as `pci_passthrough:alias` → `a100:2`; undefined if the role may not read them. */
  extraSpecs: Readonly<Record<string, string>> | undefined;
}

const extraSpecsSchema = z.record(z.string(), z.string());
const pageSchema = z.object({
  flavors: z.array(z.object({ id: z.string(), name: z.string(), extra_specs: extraSpecsSchema.optional() })),
  flavors_links: linksSchema,
});

/** All flavors, with private ones if the role may see them: all pages of Nova's `GET /flavors/detail`. */
export async function readFlavors(session: Session, pageSize?: number): Promise<NovaFlavor[]> {
  return await readPages('Nova', async (marker) => {
    const answer = await session.get({
      service: 'compute',
      path: '/flavors/detail',
      query: {
        is_public: 'None',
        ...(pageSize === undefined ? {} : { limit: String(pageSize) }),
        ...(marker === undefined ? {} : { marker }),
      },
      headers: microversionHeaders(MICROVERSION),
    });
    requireMicroversion(answer, MICROVERSION, 'list of flavors');
    const page = parseBody(pageSchema, answer.body, "Nova's list of flavors");
    const items = page.flavors.map(({ id, name, extra_specs: extraSpecs }) => ({ id, name, extraSpecs }));
    return { items, nextMarker: nextMarker('Nova', page.flavors_links) };
  });
}
