// Makes the secrets that the containers of one stack share, where they are not there yet: `node secrets.mjs FOLDER NAME…`.
// NAME.password and NAME.token are random text, NAME.pgpass goes with NAME.password, NAME.crt with NAME.key.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

const [folder, ...names] = process.argv.slice(2);
for (const name of names) {
  if (!existsSync(join(folder, name))) await make(name);
}

async function make(name) {
  const kind = extname(name);
  const subject = basename(name, kind);
  if (kind === '.password' || kind === '.token') return write(name, randomBytes(32).toString('base64url'));
  // PostgreSQL's clients take it only where nobody else can read it.
  if (kind === '.pgpass')
    return write(name, `*:*:*:*:${readFileSync(join(folder, `${subject}.password`), 'utf8')}\n`, 0o600);
  if (kind === '.crt') return await certificate(subject);
  throw new Error(`${name}: secrets are .password, .token, .pgpass or .crt`);
}

/** For the name under which the other containers reach it; for development, not for outside. */
async function certificate(subject) {
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: subject }], {
    keyType: 'ec',
    notAfterDate: new Date(Date.now() + 3650 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: subject }] },
    ],
  });
  write(`${subject}.key`, made.private);
  write(`${subject}.crt`, made.cert);
}

/** Whole or not at all: another container may look at any time. The volume is this stack's alone. */
function write(name, text, mode = 0o644) {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
