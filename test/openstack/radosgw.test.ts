import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { DirectConnections } from '../../src/exporter/openstack/session/direct-connections.ts';
import { httpClient } from '../../src/exporter/openstack/session/http.ts';
import { loadCredentials } from '../../src/exporter/openstack/credentials/openrc.ts';
import { readRights } from '../../src/exporter/openstack/rights.ts';
import { ServiceForbidden } from '../../src/exporter/openstack/session/service-error.ts';
import { KeystoneSession, type Session } from '../../src/exporter/openstack/session/session.ts';
import { readStoredBytes } from '../../src/exporter/openstack/swift-accounts.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { describeWith } from '../support/describe-with.ts';
import { signedIn } from './client.ts';
import { openstackEnvironment } from './environment.ts';
import { labTools } from './lab-tools.ts';
import { createLabProject } from './lab.ts';
import { startRadosgw } from './radosgw.ts';
import { createUser } from './users.ts';

const MIB = 2 ** 20;

describeWith(
  ['openstack', 'openstack-tools', 'radosgw'],
  'the accounts of a real radosgw',
  ({ openstack, 'openstack-tools': path }) => {
    const admin = openstackEnvironment(openstack);
    const owner = openstackEnvironment(openstack.replace(/openrc$/, 'openrc-owner'));
    let radosgw: Awaited<ReturnType<typeof startRadosgw>>;

    beforeAll(async () => {
      radosgw = await startRadosgw(labTools(path));
    });
    afterAll(async () => await radosgw.stop());

    function open(env: Record<string, string>): Session {
      const connections = new DirectConnections();
      onTestFinished(() => connections.destroy());
      const limits = { timeoutMs: 60_000, maxBodyBytes: 10_000_000, retries: 0, firstRetryDelayMs: 1 };
      const http = httpClient({ clock: systemClock, connections, ...limits });
      const override = `${radosgw.accountsUrl}/AUTH_%(project_id)s`;
      const credentials = loadCredentials({ ...env, OS_OBJECT_STORE_ENDPOINT_OVERRIDE: override }, undefined);
      return new KeystoneSession({ credentials, http, clock: systemClock });
    }

    async function project(): Promise<string> {
      const made = await createLabProject(admin, owner);
      onTestFinished(async () => await made.remove());
      return made.id;
    }

    it('can be read for all projects with the role of the reseller, even if most have none, and for the own project without it', async () => {
      const [stores, never] = [await project(), await project()];
      const [reseller, administrator] = [
        open(await createUser(admin, ['admin', 'ResellerAdmin'])),
        open(admin),
      ];
      // radosgw answers a missing account like a missing right, so nobody can tell them apart before anything is stored.
      await expect(readStoredBytes(reseller, [never, stores])).rejects.toBeInstanceOf(ServiceForbidden);

      const member = await signedIn(owner, { id: stores });
      const container = `${radosgw.accountsUrl}/AUTH_${stores}/container`;
      await member('PUT', container);
      await member('PUT', `${container}/object`, Buffer.alloc(MIB));
      expect(await readStoredBytes(reseller, [never, stores])).toEqual(new Map([[stores, MIB]]));
      expect(await readStoredBytes(open({ ...owner, OS_PROJECT_ID: stores }), [stores])).toEqual(
        new Map([[stores, MIB]]),
      );
      await expect(readStoredBytes(administrator, [never, stores])).rejects.toBeInstanceOf(ServiceForbidden);

      const rights = async (session: Session) =>
        (await readRights(session, Date.now())).find(({ right }) => right.startsWith('object storage'));
      expect(await rights(reseller)).toMatchObject({ allowed: true });
      expect(await rights(administrator)).toMatchObject({ allowed: false, failure: 'forbidden' });
    });
  },
);
