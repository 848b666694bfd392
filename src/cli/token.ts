import { Command } from 'commander';
import { parseExpiry, TOKEN_NAME_PATTERN } from '../gate/tokens/token-file.ts';
import { hashToken, newToken } from '../gate/tokens/tokens.ts';
import { UserError } from '../runtime/user-error.ts';

export function tokenCommand(): Command {
  return new Command('token')
    .description('makes a token; prints it once, with the line for the token file of the gate')
    .argument('[NAME]', 'name of the owner, for the log of the gate', 'portal')
    .option('--expires <DATE>', 'time of expiry, such as 2030-12-31 (00:00 UTC)')
    .action((name: string, { expires }: { expires?: string }) => {
      process.stdout.write(describeToken(newToken(), name, expires));
    });
}

function describeToken(token: string, name: string, expires: string | undefined): string {
  if (!TOKEN_NAME_PATTERN.test(name))
    throw new UserError(
      `'${name}' is not a valid name for a token: use up to 64 letters, digits and . _ @ -`,
    );
  if (expires !== undefined) parseExpiry(expires, '--expires');
  const hash = hashToken(token).toString('hex');
  const line = `${name} sha256:${hash}`;
  return `The token, for the portal's token file. It is not shown again:

${token}

The line for the gate's token file:

${line}${expires === undefined ? '' : ` expires ${expires}`}

Or the table for the gate's configuration, where a token can have its own selectors, limits and conditions:

[[token]]
name = "${name}"
hash = "sha256:${hash}"
${expires === undefined ? '' : `expires = "${expires}"\n`}`;
}
