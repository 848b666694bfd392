import { z } from 'zod';
import type { AuditRow } from '../../access/audit.ts';
import type { Right } from '../../access/rights/roles.ts';
import type { TokenEntry } from '../../access/tokens.ts';
import { nameText } from './parameters.ts';

/** A role, with its site or grant. */
const roleShape = z.union(
  [
    z.strictObject({ role: z.enum(['operator', 'auditor']) }),
    z.strictObject({ role: z.literal('site'), site: nameText(100) }),
    z.strictObject({ role: z.enum(['lead', 'member']), grant: nameText(100) }),
  ],
  { error: 'must be a role such as {"role": "auditor"} or {"role": "site", "site": "site-a"}' },
);

const ownerShape = z.union(
  [
    z.strictObject({ kind: z.literal('installation') }),
    z.strictObject({ kind: z.literal('person'), person: nameText(100) }),
    z.strictObject({ kind: z.literal('site'), site: nameText(100) }),
    z.strictObject({ kind: z.literal('grant'), grant: nameText(100) }),
  ],
  { error: 'must be an owner such as {"kind": "installation"} or {"kind": "site", "site": "site-a"}' },
);

export const meAnswer = z.object({
  who: z.string().meta({ examples: ['token report'] }),
  by: z.enum(['session', 'token', 'socket', 'proxy', 'nothing']).meta({ examples: ['token'] }),
  person: z
    .string()
    .nullable()
    .meta({ examples: ['p-17'] }),
  name: z
    .string()
    .nullable()
    .meta({ description: 'The name of the person, if a grant names the person', examples: ['Ada'] }),
  rights: z.array(
    z.object({ role: roleShape, because: z.string().meta({ examples: ['the roles of the token'] }) }),
  ),
  allowed: z
    .array(z.string())
    .meta({ description: 'What the rights allow together, in words', examples: [['reads everything']] }),
  price_books: z.number().meta({ description: 'How many price books the sender may read' }),
});

export type Me = z.output<typeof meAnswer>;

export const rightRowOf = ({ role, because }: Right) => ({ role, because });

export const newTokenBody = z.strictObject({
  name: z
    .string({ error: 'missing; name the program that will use the token' })
    .regex(/^\P{C}{1,100}$/u, 'must be 1 to 100 printable characters'),
  owner: ownerShape.optional().meta({ description: 'To whom it belongs; without it, to you' }),
  roles: z.array(roleShape).min(1, 'is empty; give the token a role').max(100, 'has more than 100 roles'),
  expires: z.iso
    .datetime({ offset: true, error: 'must be a date-time such as 2027-01-31T00:00:00Z' })
    .optional()
    .meta({ examples: ['2027-01-31T00:00:00Z'] }),
});

export type NewToken = z.input<typeof newTokenBody>;

export const tokenRow = z.object({
  id: z.string(),
  name: z.string(),
  owner: ownerShape,
  roles: z.array(roleShape),
  created: z.string(),
  created_by: z.string(),
  expires: z.string().nullable(),
  last_used: z.string().nullable(),
});

export type TokenRow = z.output<typeof tokenRow>;

export const newTokenAnswer = z.object({
  id: z.string(),
  token: z.string().meta({ description: 'The secret. Nobody can read it again' }),
});

const at = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

export function tokenRowOf(entry: TokenEntry): z.input<typeof tokenRow> {
  const { id, name, owner, roles, createdBy } = entry;
  return {
    id,
    name,
    owner,
    roles: [...roles],
    created: new Date(entry.createdMs).toISOString(),
    created_by: createdBy,
    expires: at(entry.expiresMs),
    last_used: at(entry.usedMs),
  };
}

export const auditRow = z.object({
  id: z.string(),
  at: z.string(),
  who: z.string(),
  what: z.string(),
  object: z.string(),
  outcome: z.string(),
  address: z.string().nullable(),
});

export type AuditRowAnswer = z.output<typeof auditRow>;

export function auditRowOf({ atMs, address, ...row }: AuditRow): z.input<typeof auditRow> {
  return { ...row, at: new Date(atMs).toISOString(), address: address ?? null };
}
