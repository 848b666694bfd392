import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { stableId } from '../../model/stable-ids.ts';
import type { ApiContext } from '../context/api-context.ts';
import { formatMicroseconds, type Answer, type ApiRequest } from '../context/exchange.ts';
import { serviceCatalog } from './keystone-catalog.ts';
import { malformedSignIn, unauthorized } from './keystone-errors.ts';
import type { Token } from '../context/tokens.ts';
import { USER_DOMAIN, type SimulatedUser } from '../context/users.ts';

const domainSchema = z.object({ id: z.string(), name: z.string() }).partial();
const nameOrId = { id: z.string().optional(), name: z.string().optional(), domain: domainSchema.optional() };
const signInSchema = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.enum(['password', 'application_credential'])).min(1),
      password: z.object({ user: z.object({ ...nameOrId, password: z.string() }) }).optional(),
      application_credential: z
        .object({
          id: z.string().optional(),
          name: z.string().optional(),
          user: z.object(nameOrId).optional(),
          secret: z.string(),
        })
        .optional(),
    }),
    scope: z
      .object({
        project: z.object(nameOrId).optional(),
        system: z.object({ all: z.boolean() }).optional(),
      })
      .optional(),
  }),
});
type Identity = z.output<typeof signInSchema>['auth']['identity'];
type Scope = z.output<typeof signInSchema>['auth']['scope'];

/** `POST /v3/auth/tokens` with a password or an application credential. The scope is a project, the system or nothing. */
export function signIn(request: ApiRequest, context: ApiContext): Answer {
  const { identity, scope } = parseSignIn(request.body).auth;
  const byCredential = identity.methods.includes('application_credential');
  const user = context.users.find((candidate) =>
    byCredential ? hasCredential(candidate, identity) : hasPassword(candidate, identity),
  );
  // An application credential belongs to a project and allows no other scope.
  const scoped = byCredential ? { project: { id: user?.project.id } } : scope;
  if (user === undefined || !mayUse(user, scoped)) throw unauthorized(request.origin);
  const { id, token } = context.tokens.issue(user, context.nowMs);
  return {
    status: 201,
    headers: { 'X-Subject-Token': id, Vary: 'X-Auth-Token' },
    body: { token: describeToken(token, scoped, byCredential, request, context) },
  };
}

function parseSignIn(body: string): z.output<typeof signInSchema> {
  try {
    const result = signInSchema.safeParse(JSON.parse(body));
    if (result.success) return result.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw malformedSignIn();
}

function hasPassword(user: SimulatedUser, { password }: Identity): boolean {
  return password !== undefined && isUser(user, password.user) && password.user.password === user.password;
}

function hasCredential(user: SimulatedUser, { application_credential: given }: Identity): boolean {
  const own = user.applicationCredential;
  if (own === undefined || given?.secret !== own.secret) return false;
  return (
    given.id === own.id || (given.name === own.name && given.user !== undefined && isUser(user, given.user))
  );
}

interface NameOrId {
  id?: string | undefined;
  name?: string | undefined;
  domain?: { id?: string | undefined; name?: string | undefined } | undefined;
}

function isUser(user: SimulatedUser, given: NameOrId): boolean {
  return given.id === undefined ? given.name === user.name && inUserDomain(given) : given.id === userId(user);
}

/** Like Keystone, ignores the case of names. */
function inUserDomain({ domain }: NameOrId): boolean {
  return domain?.id === USER_DOMAIN.id || domain?.name?.toLowerCase() === USER_DOMAIN.name.toLowerCase();
}

function mayUse(user: SimulatedUser, scope: Scope): boolean {
  if (scope?.system !== undefined) return user.role === 'admin';
  const project = scope?.project;
  if (project === undefined) return true;
  return project.id === undefined
    ? project.name === user.project.name && inUserDomain(project)
    : project.id === user.project.id;
}

function describeToken(
  { user, issuedMs, expiresMs }: Token,
  scope: Scope,
  byCredential: boolean,
  request: ApiRequest,
  context: ApiContext,
) {
  const credential = user.applicationCredential;
  return {
    methods: [byCredential ? 'application_credential' : 'password'],
    user: { domain: USER_DOMAIN, id: userId(user), name: user.name, password_expires_at: null },
    audit_ids: [randomBytes(16).toString('base64url')],
    expires_at: `${formatMicroseconds(expiresMs)}Z`,
    issued_at: `${formatMicroseconds(issuedMs)}Z`,
    ...describeScope(user, scope),
    ...(scope === undefined || request.query.has('nocatalog')
      ? {}
      : { catalog: serviceCatalog(request.origin, { ...context, projectId: user.project.id }) }),
    ...(byCredential && credential !== undefined
      ? { application_credential: { id: credential.id, name: credential.name, restricted: true } }
      : {}),
  };
}

function describeScope(user: SimulatedUser, scope: Scope) {
  const roles = [{ id: stableId(`role ${user.role}`), name: user.role }];
  if (scope?.system !== undefined) return { roles, system: { all: true } };
  if (scope?.project === undefined) return {};
  return { project: { domain: USER_DOMAIN, ...user.project }, is_domain: false, roles };
}

function userId(user: SimulatedUser): string {
  return stableId(`user ${user.name}`);
}
