import { z } from 'zod';
import { UserError } from '../../runtime/user-error.ts';
import { NotFound, ServiceError, ServiceForbidden } from './session/service-error.ts';
import type { Session } from './session/session.ts';

export interface Domain {
  id: string;
  name: string;
}

export interface Project {
  id: string;
  name: string;
  domain: Domain;
}

/** The domains to meter; all domains if there are neither names nor ids. */
export interface DomainFilter {
  names: readonly string[];
  ids: readonly string[];
}

/** The domains of the filter. Throws `UserError` for a domain that does not exist. */
export async function readDomains(session: Session, filter: DomainFilter): Promise<Domain[]> {
  const domains = await readCollection(session, '/domains', 'domains', domainSchema);
  return chooseDomains(domains, filter);
}

/**
 * The domains of the filter. Names are compared without case, as in most Keystones; an exact match wins. Throws
 * `UserError`.
 */
export function chooseDomains(domains: readonly Domain[], { names, ids }: DomainFilter): Domain[] {
  if (names.length === 0 && ids.length === 0) return [...domains];
  const wanted = new Set([
    ...names.map((name) => existing(domains, 'domain', name, domainsNamed(domains, name))),
    ...ids.map((id) =>
      existing(
        domains,
        'domain with id',
        id,
        domains.filter((domain) => domain.id === id),
      ),
    ),
  ]);
  return domains.filter((domain) => wanted.has(domain));
}

/** True if projects of the domain are metered. The domain may be deleted in Keystone. */
export function isWanted({ id, name }: Domain, { names, ids }: DomainFilter): boolean {
  if (names.length === 0 && ids.length === 0) return true;
  return ids.includes(id) || names.some((wanted) => sameName(wanted, name));
}

function domainsNamed(domains: readonly Domain[], name: string): Domain[] {
  const exact = domains.filter((domain) => domain.name === name);
  return exact.length > 0 ? exact : domains.filter((domain) => sameName(domain.name, name));
}

function existing(domains: readonly Domain[], what: string, name: string, found: readonly Domain[]): Domain {
  const [first, ...others] = found;
  if (others.length > 0)
    throw new UserError(
      `Keystone knows ${found.map((domain) => `'${domain.name}'`).join(' and ')}: which ${what} is '${name}'? Write the exact name, or give the id`,
    );
  if (first !== undefined) return first;
  const known = domains.map((domain) => domain.name).slice(0, 20);
  throw new UserError(`Keystone knows no ${what} '${name}'; there are ${known.join(', ')}`);
}

function sameName(a: string, b: string): boolean {
  return a.normalize().toLowerCase() === b.normalize().toLowerCase();
}

/** All projects of the domains, sorted by id. Disabled projects are included, because their servers still run. */
export async function readProjects(
  session: Session,
  domains: readonly Domain[],
  filter: DomainFilter,
): Promise<Project[]> {
  const filtered = filter.names.length + filter.ids.length > 0;
  const queries = filtered ? domains.map(({ id }) => ({ domain_id: id })) : [{}];
  const byId = new Map(domains.map((domain) => [domain.id, domain]));
  const projects: Project[] = [];
  for (const query of queries) {
    const found = await readCollection(session, '/projects', 'projects', projectSchema, query);
    for (const project of found) {
      const domain = byId.get(project.domain_id);
      if (domain !== undefined) projects.push({ id: project.id, name: project.name, domain });
    }
  }
  return projects.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A project in which the user has a role. Nobody can sign in to a disabled project, although its servers still run. */
export interface OwnProject extends Project {
  enabled: boolean;
}

/**
 * The projects in which the user has a role, sorted by id. Every user may read these. A user cannot read the names of domains
 * other than the user's and the token's: their ids stand in for the names.
 */
export async function readOwnProjects(session: Session): Promise<OwnProject[]> {
  const { domains } = await session.signIn();
  const found = await readCollection(session, '/auth/projects', 'projects', projectSchema);
  const projects = found.map(({ id, name, enabled = true, domain_id: domainId }) => ({
    id,
    name,
    enabled,
    domain: domains.find((domain) => domain.id === domainId) ?? { id: domainId, name: domainId },
  }));
  return projects.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * True if Keystone says that there is no such project. Keystone says so only to a user who may read any project
 * (`identity:get_project`). To other users it answers 403 for existing and for missing projects.
 */
export async function isKnownAsDeleted(session: Session, id: string): Promise<boolean> {
  try {
    await session.get({ service: 'identity', path: `/projects/${encodeURIComponent(id)}` });
  } catch (error) {
    if (error instanceof NotFound) return true;
    if (!(error instanceof ServiceForbidden)) throw error;
  }
  return false;
}

const domainSchema = z.object({ id: z.string(), name: z.string() });
const projectSchema = z.object({
  id: z.string(),
  name: z.string(),
  domain_id: z.string(),
  enabled: z.boolean().optional(),
});
const linksSchema = z.object({ next: z.string().nullish() }).nullish();

/**
 * Reads a list. Keystone has no pages, but cuts a list at its `list_limit` and says `truncated`. Throws `ServiceError`
 * for a cut list.
 */
async function readCollection<S extends z.ZodType>(
  session: Session,
  path: string,
  member: string,
  schema: S,
  query: Record<string, string> = {},
): Promise<z.output<S>[]> {
  const { body } = await session.get({ service: 'identity', path, query });
  const parsed = collectionSchema(member, schema).safeParse(body);
  if (!parsed.success)
    throw new ServiceError(`Keystone's list of ${member} is not in the form of Keystone v3`);
  const { items, truncated, links } = parsed.data;
  if (truncated === true || links?.next)
    throw new ServiceError(`Keystone cuts its list of ${member} short; raise its list_limit`);
  return items;
}

function collectionSchema<S extends z.ZodType>(member: string, schema: S) {
  return z
    .looseObject({ truncated: z.boolean().optional(), links: linksSchema })
    .transform((body) => ({ ...body, items: body[member] }))
    .pipe(z.object({ items: z.array(schema), truncated: z.boolean().optional(), links: linksSchema }));
}
