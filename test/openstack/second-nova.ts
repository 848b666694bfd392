import { onTestFinished } from 'vitest';
import { eventually, freePort, temporaryFolder } from '../support/processes.ts';
import type { labTools } from './lab-tools.ts';

const CONFIGURE = `
cp "$LAB/etc/nova/"* "$FOLDER"
sed -i "s/^\\[DEFAULT\\]$/[DEFAULT]\\nreclaim_instance_interval = 3600/" "$FOLDER/nova.conf"
printf '"os_compute_api:os-instance-actions:list": "!"\\n' >"$FOLDER/policy.yaml"
sed "s|^http-socket = .*|http-socket = 127.0.0.1:$PORT|; s|^\\(env = OS_NOVA_CONFIG_DIR\\)=.*|\\1=$FOLDER|; s/^processes = .*/processes = 1/" \
  "$LAB/etc/nova-api-uwsgi.ini" >"$FOLDER/uwsgi.ini"`;

/**
 * Starts another Nova API with the cloud's database, and returns its address. It keeps deleted servers for an hour, and its
 * policy lets nobody read actions.
 */
export async function startSecondNova(tools: ReturnType<typeof labTools>): Promise<string> {
  const [folder, port] = [temporaryFolder(), await freePort()];
  const settings = { FOLDER: folder, PORT: String(port) };
  tools.shell(CONFIGURE, settings);
  const nova = tools.serve('uwsgi_python3 --ini "$FOLDER/uwsgi.ini"', settings);
  onTestFinished(async () => void (await nova.stop()));
  const address = `http://127.0.0.1:${port}/v2.1`;
  await eventually(async () =>
    (await fetch(`http://127.0.0.1:${port}/`)).status === 200 ? true : undefined,
  );
  return address;
}
