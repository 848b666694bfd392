import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { labTools } from './lab-tools.ts';
import { eventually, freePort, type Running } from '../support/processes.ts';

/** The configuration of one monitor, one disk in memory, and a radosgw with the cloud's Keystone. */
const configuration = (folder: string, monitorPort: number, port: number) => `
[global]
fsid = 6f0d2b6e-4a4b-4d0e-9d7c-6a1f4f2f7c11
mon host = [v2:127.0.0.1:${monitorPort}/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = ${folder}/keyring
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log
mon data = ${folder}/mon
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 268435456
osd pool default size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon max pg per osd = 1000
mon allow pool size one = true
[client.rgw]
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw swift account in url = true
rgw keystone url = KEYSTONE
rgw keystone api version = 3
rgw keystone admin user = nova
rgw keystone admin password = PASSWORD
rgw keystone admin project = service
rgw keystone admin domain = Default
rgw keystone accepted roles = admin, member, ResellerAdmin
rgw keystone accepted admin roles = ResellerAdmin
`;

const PREPARE = `
cd "$FOLDER"; mkdir mon osd rgw
sed -i "s|KEYSTONE|\${AUTH_URL%/v3}|; s|PASSWORD|$SERVICE_PASSWORD|" ceph.conf
ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *'
for name in client.admin client.rgw osd.0; do
  ceph-authtool keyring --gen-key -n $name --cap mon 'allow *' --cap osd 'allow *'
done
monmaptool --create --fsid 6f0d2b6e-4a4b-4d0e-9d7c-6a1f4f2f7c11 --addv a "[v2:127.0.0.1:$MONITOR_PORT/0]" monmap
ceph-mon --mkfs -i a --monmap monmap --keyring keyring`;
const ADD_DISK = `
id=$(cat /proc/sys/kernel/random/uuid)
timeout 60 ceph osd new "$id"
ceph-osd -i 0 --mkfs --osd-uuid "$id"`;

/** Starts a radosgw; resolves with the address of its accounts, which the catalog does not have. */
export async function startRadosgw(
  tools: ReturnType<typeof labTools>,
): Promise<{ accountsUrl: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-radosgw-'));
  const [monitorPort, port] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'ceph.conf'), configuration(folder, monitorPort, port));
  const env = {
    FOLDER: folder,
    MONITOR_PORT: String(monitorPort),
    CEPH_CONF: join(folder, 'ceph.conf'),
  };
  const running: Running[] = [];
  const stop = async () => {
    for (const one of running.toReversed()) await one.stop('SIGKILL'); // its data is not needed later
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    tools.shell(PREPARE, env);
    running.push(tools.serve('ceph-mon -f -i a', env));
    tools.shell(ADD_DISK, env);
    running.push(tools.serve('ceph-osd -f -i 0', env));
    running.push(tools.serve('radosgw -f -n client.rgw', env));
    const url = `http://127.0.0.1:${port}`;
    await eventually(async () => ((await fetch(url)).ok ? true : undefined), 120_000);
    return { accountsUrl: `${url}/swift/v1`, stop };
  } catch (error) {
    await stop();
    throw new Error(running.map((one) => one.output().slice(-2000)).join('\n'), { cause: error });
  }
}
