import type { z } from 'zod';
import { nextMarker, parseBody, readPages } from './pages.ts';
import type { Session } from './session.ts';
import { requireWholeCloud } from './whole-cloud.ts';

/** A list of things that belong to projects, such as Cinder's volumes. */
export interface ProjectList<T> {
  service: 'volume' | 'network';
  /** The name of the service and of the things, for messages: `Cinder`, `volumes`. */
  name: string;
  things: string;
  path: string;
  page: z.ZodType<{ items: T[]; links: readonly { rel: string; href: string }[] | undefined }>;
}

export interface ListQuery {
  /** True for all projects, false for the token's own project only. */
  allProjects: boolean;
  /** Things per page; undefined for the service's own limit. */
  pageSize?: number | undefined;
}

/**
 * All pages of a list. A thing without a project id belongs to the only project that the user sees. Throws
 * `ServiceForbidden` if all projects are wanted and the user sees only the own project.
 */
export async function readProjectList<T extends { projectId?: string | undefined }>(
  session: Session,
  { service, name, things, path, page }: ProjectList<T>,
  { allProjects, pageSize }: ListQuery,
  filter: Record<string, string | string[]>,
): Promise<(T & { projectId: string })[]> {
  const { projectId: own = '' } = await session.signIn();
  const limit = pageSize === undefined ? {} : { limit: String(pageSize) };
  const found = await readPages(name, async (marker) => {
    const query = { ...filter, ...limit, ...(marker === undefined ? {} : { marker }) };
    const { body } = await session.get({ service, path, query });
    const { items, links } = parseBody(page, body, `${name}'s list of ${things}`);
    const owned = items.map((thing) => ({ ...thing, projectId: thing.projectId ?? own }));
    return { items: owned, nextMarker: nextMarker(name, links) };
  });
  const projectIds = found.map(({ projectId }) => projectId);
  if (allProjects) await requireWholeCloud(session, `${name}'s ${things}`, projectIds);
  return found;
}
