import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { parseExpiry } from '../gate/tokens/token-file.ts';
import { explainClaims } from '../portal/access/rights/explain.ts';
import { nameOfRole, type Role } from '../portal/access/rights/roles.ts';
import type { NewToken } from '../portal/access/tokens.ts';
import { portalSettings, readAccessPolicy, readLedgerPlace } from '../portal/settings/settings.ts';
import { useAccess, type AccessCommands, type TokenRow } from '../portal/use-access.ts';
import { systemClock } from '../runtime/clock.ts';
import { readTextFile } from '../runtime/files/text-file.ts';
import { createLogger } from '../runtime/logger.ts';
import { describeError, UserError } from '../runtime/user-error.ts';
import { addSettings, settingsSources } from './options.ts';

export function accessCommand(): Command {
  return new Command('access')
    .description('explains who may read what, and invites people')
    .addCommand(explainCommand())
    .addCommand(inviteCommand());
}

function explainCommand(): Command {
  const { data } = portalSettings;
  return addSettings(new Command('explain'), { data })
    .description('says which roles the rules of portal.toml give to a set of claims, and why')
    .requiredOption('--claims <FILE>', 'JSON with the claims of a person, such as the payload of an ID token')
    .action((_flags, called: Command) => {
      const { claims: path } = called.opts<{ claims: string }>();
      const policy = readAccessPolicy(settingsSources(called.optsWithGlobals()));
      if (policy === undefined) throw new UserError('portal.toml has no [access]: anyone reads everything');
      const claims = readClaims(path);
      const { iss } = claims;
      if (typeof iss !== 'string') throw new UserError(`${path}: has no claim iss, which names the issuer`);
      const lines = explainClaims(policy.rules, iss, claims);
      process.stdout.write(`${lines.join('\n')}\nGrants that name the person count as well.\n`);
    });
}

function inviteCommand(): Command {
  return withPlace(new Command('invite'))
    .description('makes a link for one person, good for 14 days: who signs in with it becomes this person')
    .argument('<PERSON>', 'id of a person of the accounts')
    .action(async (person: string, _flags, called: Command) => {
      const link = await withAccess(called, async (access) => await access.invite(person));
      process.stdout.write(`${link}\n`);
    });
}

function readClaims(path: string): Record<string, unknown> {
  let claims: unknown;
  try {
    claims = JSON.parse(readTextFile(path));
  } catch (error) {
    throw new UserError(`cannot read the claims in ${path}: ${describeError(error)}`, { cause: error });
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new UserError(`${path}: must be a JSON object of claims`);
  return claims as Record<string, unknown>;
}

export function portalTokenCommand(): Command {
  return new Command('token')
    .description('makes, lists or revokes tokens of the API, in the running portal or in its database')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

interface CreateFlags {
  role: string;
  site?: string;
  grant?: string;
  expires?: string;
}

function createCommand(): Command {
  const roles = ['operator', 'auditor', 'site', 'lead', 'member'];
  return withPlace(new Command('create'))
    .description('makes a token and prints it once; it belongs to the site or grant, or to the installation')
    .argument('<NAME>', 'name of the program that will use it')
    .addOption(new Option('--role <ROLE>', 'what the token may do').choices(roles).makeOptionMandatory())
    .option('--site <SITE>', 'site of the role site')
    .option('--grant <GRANT>', 'grant of the roles lead and member')
    .option('--expires <DATE>', 'time of expiry, such as 2030-12-31 (00:00 UTC)')
    .action(async (name: string, _flags, called: Command) => {
      const token = tokenOf(name, called.opts<CreateFlags>());
      const secret = await withAccess(called, async (access) => await access.createToken(token));
      process.stdout.write(`${secret}\n`);
    });
}

function tokenOf(name: string, { role, site, grant, expires }: CreateFlags): NewToken {
  const expiresMs = expires === undefined ? undefined : parseExpiry(expires, '--expires');
  if (role === 'site') {
    if (site === undefined) throw new UserError('--site: missing; the role site needs one');
    return { name, owner: { kind: 'site', site }, roles: [{ role, site }], expiresMs };
  }
  if (role === 'lead' || role === 'member') {
    if (grant === undefined) throw new UserError(`--grant: missing; the role ${role} needs one`);
    return { name, owner: { kind: 'grant', grant }, roles: [{ role, grant }], expiresMs };
  }
  return { name, owner: { kind: 'installation' }, roles: [{ role } as Role], expiresMs };
}

function listCommand(): Command {
  return withPlace(new Command('list'))
    .description('lists the tokens: id, name, roles, expiry and last use')
    .action(async (_flags, called: Command) => {
      const tokens = await withAccess(called, async (access) => await access.tokens());
      process.stdout.write(tokens.map((token) => `${lineOf(token)}\n`).join(''));
    });
}

function lineOf({ id, name, roles, expires, last_used: used }: TokenRow): string {
  return [id, name, roles.map(nameOfRole).join(', '), expires ?? 'no expiry', `used ${used ?? 'never'}`].join(
    '\t',
  );
}

function revokeCommand(): Command {
  return withPlace(new Command('revoke'))
    .description('ends a token at all portals at once')
    .argument('<ID>', 'id of the token, as list shows it')
    .action(async (id: string, _flags, called: Command) => {
      if (!/^\d{1,18}$/.test(id)) throw new UserError(`'${id}' is not the id of a token: list shows them`);
      if (!(await withAccess(called, async (access) => await access.revoke(id))))
        throw new UserError(`there is no token ${id}`);
      process.stdout.write(`token ${id} revoked\n`);
    });
}

function withPlace(command: Command): Command {
  const { data } = portalSettings;
  return addSettings(command, { data });
}

async function withAccess<T>(called: Command, work: (access: AccessCommands) => Promise<T>): Promise<T> {
  const place = readLedgerPlace(settingsSources(called.optsWithGlobals()));
  const logger = createLogger({ level: 'warn' });
  return await useAccess(place, { clock: systemClock, logger, author: userInfo().username }, work);
}
