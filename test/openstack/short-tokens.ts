import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { labTools } from './lab-tools.ts';
import { eventually, freePort, temporaryFolder } from '../support/processes.ts';

const CONFIGURE = `
cp -r "$LAB/etc/keystone/." "$FOLDER/keystone"
sed -i "s/^expiration = .*/expiration = $SECONDS_OF_LIFE/" "$FOLDER/keystone/keystone.conf"
sed "s|^http-socket = .*|http-socket = 127.0.0.1:$PORT|; s|^\\(env = OS_KEYSTONE_CONFIG_DIR\\)=.*|\\1=$FOLDER/keystone|; s/^processes = .*/processes = 1/" \
  "$LAB/etc/keystone-uwsgi.ini" >"$FOLDER/uwsgi.ini"`;

/**
 * Starts another Keystone with the cloud's database and keys, whose tokens expire after `seconds`; returns its address.
 * The cloud's own Keystone keeps long tokens: its services renew a token with less than two minutes left
 * (keystoneauth). With tokens of a minute they would sign in for each request to one another, and a resize would take
 * minutes.
 */
export async function startShortTokens(
  tools: ReturnType<typeof labTools>,
  seconds: number,
): Promise<{ authUrl: string; signIns: () => number }> {
  const [folder, port] = [temporaryFolder(), await freePort()];
  mkdirSync(join(folder, 'keystone'));
  const settings = { FOLDER: folder, PORT: String(port), SECONDS_OF_LIFE: String(seconds) };
  tools.shell(CONFIGURE, settings);
  const keystone = tools.serve('uwsgi_python3 --ini "$FOLDER/uwsgi.ini"', settings);
  onTestFinished(async () => void (await keystone.stop()));
  const authUrl = `http://127.0.0.1:${port}/v3`;
  await eventually(async () => ((await fetch(authUrl)).ok ? true : undefined));
  return { authUrl, signIns: () => keystone.output().match(/POST \/v3\/auth\/tokens/g)?.length ?? 0 };
}
