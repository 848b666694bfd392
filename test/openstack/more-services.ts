import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { labTools } from './lab-tools.ts';
import { eventually, freePort } from '../support/processes.ts';

const NEUTRON =
  '"$PY" "$LAB/dist/usr/bin/neutron-server" --config-file "$LAB/etc/neutron/neutron.conf" --config-file "$CONFIG"';
const SWIFT = '"$PY" "$SERVER" "$FOLDER" "$PORT" "$AUTH_URL" "$SERVICE_PASSWORD"';
const SWIFT_SERVER = fileURLToPath(new URL('swift-server.py', import.meta.url));

/** Services that the cloud's catalog lacks: a Neutron with routers, on the same database, and a Swift. */
export interface MoreServices {
  networkUrl: string;
  /** The address of accounts: an account is at `…/AUTH_<project>`. */
  accountsUrl: string;
  /** Variables with the services' addresses for an exporter. */
  overrides: Record<string, string>;
  stop(): Promise<void>;
}

export async function startMoreServices(tools: ReturnType<typeof labTools>): Promise<MoreServices> {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-services-'));
  const [networkPort, objectPort] = [await freePort(), await freePort()];
  const config = join(folder, 'neutron.conf');
  writeFileSync(
    config,
    `[DEFAULT]\nbind_port = ${networkPort}\nservice_plugins = router\nhost = stackmeter\nstate_path = ${folder}\n`,
  );
  const running = [
    tools.serve(NEUTRON, { CONFIG: config }),
    tools.serve(SWIFT, { SERVER: SWIFT_SERVER, FOLDER: folder, PORT: String(objectPort) }),
  ];
  const networkUrl = `http://127.0.0.1:${networkPort}/v2.0`;
  const accountsUrl = `http://127.0.0.1:${objectPort}/v1`;
  const stop = async () => {
    await Promise.all(running.map(async (server) => await server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const url of [networkUrl, accountsUrl])
      await eventually(async () => ((await fetch(url)).status < 500 ? true : undefined));
  } catch (error) {
    await stop();
    throw new Error(running.map((server) => server.output().slice(-2000)).join('\n'), { cause: error });
  }
  return {
    networkUrl,
    accountsUrl,
    overrides: {
      OS_NETWORK_ENDPOINT_OVERRIDE: networkUrl,
      OS_OBJECT_STORE_ENDPOINT_OVERRIDE: `${accountsUrl}/AUTH_%(project_id)s`,
    },
    stop,
  };
}
