// Makes the missing secrets that the containers of one stack share: `node secrets.mjs FOLDER NAME…`.
// NAME.password and NAME.token are random text. NAME.crt comes with NAME.key.
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

// Passwords are for containers with users of their own. A key is for this user, and a token also for its group.
const modes = { '.key': 0o600, '.token': 0o640 };

const [folder, ...names] = process.argv.slice(2);
for (const name of names) {
  if (!existsSync(join(folder, name))) await make(name);
}

async function make(name) {
  const kind = extname(name);
  const subject = basename(name, kind);
  if (kind === '.password' || kind === '.token') return write(name, randomBytes(32).toString('base64url'));
  if (kind === '.crt') return await certificate(subject);
  throw new Error(`${name}: secrets are .password, .token or .crt`);
}

/** A certificate with the name of a container. Others trust the certificate itself. */
async function certificate(subject) {
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: subject }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 3650 * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: subject }] },
    ],
  });
  write(`${subject}.key`, made.private);
  write(`${subject}.crt`, made.cert);
}

/** Writes the file whole or not at all, because another container may read it at any time. Only this stack has the volume. */
function write(name, text) {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, text, { mode: modes[extname(name)] });
  renameSync(`${path}.new`, path);
}
