import { Command } from 'commander';
import { explainClaims } from '../portal/access/rights/explain.ts';
import { portalSettings, readAccess } from '../portal/settings/settings.ts';
import { readTextFile } from '../runtime/files/text-file.ts';
import { describeError, UserError } from '../runtime/user-error.ts';
import { addSettings, settingsSources } from './options.ts';

export function accessCommand(): Command {
  return new Command('access').description('explains who may read what').addCommand(explainCommand());
}

function explainCommand(): Command {
  const { data } = portalSettings;
  return addSettings(new Command('explain'), { data })
    .description('says which roles the rules of portal.toml give to a set of claims, and why')
    .requiredOption('--claims <FILE>', 'JSON with the claims of a person, such as the payload of an ID token')
    .action((_flags, called: Command) => {
      const { claims: path } = called.opts<{ claims: string }>();
      const access = readAccess(settingsSources(called.optsWithGlobals()));
      if (access === undefined) throw new UserError('portal.toml has no [access]: anyone reads everything');
      const claims = readClaims(path);
      const { iss } = claims;
      if (typeof iss !== 'string') throw new UserError(`${path}: has no claim iss, which names the issuer`);
      const lines = explainClaims(access.policy.rules, iss, claims);
      process.stdout.write(`${lines.join('\n')}\nGrants that name the person count as well.\n`);
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
