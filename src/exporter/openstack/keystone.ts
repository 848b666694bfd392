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

/** Which domains to meter; all where neither names nor ids are given. */
export interface DomainFilter {
  names: readonly string[];
  ids: readonly string[];
}

/** The domains of the filter. Throws a `UserError` for one that does not exist. */
export async function readDomains(session: Session, filter: DomainFilter): Promise<Domain[]> {
  const domains = await readCollection(session, '/domains', 'domains', domainSchema);
  return chooseDomains(domains, filter);
}

/** Names compare without regard to case, as most Keystones do; where one is spelled just so, it is meant. */
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

/** Whether projects of the domain are metered, also where Keystone has it no more. */
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
      `Keystone knows ${found.map((domain) => `'${domain.name}'`).join(' and ')}: which ${what} is '${name}'? Write it just so, or name it by its id`,
    );
  if (first !== undefined) return first;
  const known = domains.map((domain) => domain.name).slice(0, 20);
  throw new UserError(`Keystone knows no ${what} '${name}'; there are ${known.join(', ')}`);
}

function sameName(a: string, b: string): boolean {
  return a.normalize().toLowerCase() === b.normalize().toLowerCase();
}

/** All projects of the domains, sorted by id, disabled ones too: their servers go on to run. */
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

/** A project that the user has a role in. Nobody can sign in to one that is disabled, though its servers go on to run. */
export interface OwnProject extends Project {
  enabled: boolean;
}

/**
 * The projects that the user has a role in, sorted by id: everybody may read that much. Names of other domains than the
 * user's and the token's are not to be had: their ids stand for them.
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
 * Whether Keystone says that there is no such project. It says so only to a user who may read any project
 * (`identity:get_project`); to others it answers 403 for projects that exist and for those that do not.
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

/** Keystone has no pages, but it cuts a list at its `list_limit` and then says `truncated`: that is an error here. */
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
    throw new ServiceError(`Keystone's list of ${member} has another form than Keystone's v3`);
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
