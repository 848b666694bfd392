import { onTestFinished } from 'vitest';
import { inAdminProject, signedIn, type Call } from './client.ts';
import type { MoreServices } from './more-services.ts';
import { eventually } from '../support/processes.ts';

/** Gives a project of a real cloud volumes, snapshots, floating IPs and objects, which are deleted with the test. */
export async function createBelongings(
  admin: Record<string, string>,
  owner: Record<string, string>,
  projectId: string,
  { networkUrl, accountsUrl }: MoreServices,
) {
  const [asAdmin, asOwner] = [await inAdminProject(admin), await signedIn(owner, { id: projectId })];
  const outside = await createOutsideNetwork(asAdmin, networkUrl);
  const volumes = `block-storage/${projectId}/volumes`;
  const snapshots = `block-storage/${projectId}/snapshots`;
  const account = `${accountsUrl}/AUTH_${projectId}`;
  let lastVolume = '';
  return {
    /** Makes a volume; resolves with its creation time. */
    volume: async (sizeGb: number): Promise<number> => {
      const wanted = { volume: { size: sizeGb, volume_type: 'fake' } };
      const { volume } = await asOwner<{ volume: { id: string } }>('POST', volumes, wanted);
      const shown = async () =>
        (await asOwner<{ volume: { status: string; created_at: string } }>('GET', `${volumes}/${volume.id}`))
          .volume;
      lastVolume = volume.id;
      onTestFinished(async () => await asOwner('DELETE', `${volumes}/${volume.id}`));
      const made = await eventually(async () => {
        const { status, created_at: createdAt } = await shown();
        return status === 'available' ? createdAt : undefined;
      });
      return Date.parse(`${made.slice(0, 23)}Z`);
    },
    /** Takes a snapshot of the last volume; resolves with its creation time. */
    snapshot: async (): Promise<number> => {
      type SnapshotAnswer = { snapshot: { id: string; status: string; created_at: string } };
      const { snapshot } = await asOwner<SnapshotAnswer>('POST', snapshots, {
        snapshot: { volume_id: lastVolume },
      });
      const path = `${snapshots}/${snapshot.id}`;
      // A volume can be deleted only after its snapshots.
      onTestFinished(async () => {
        await asOwner('DELETE', path);
        await eventually(
          async () =>
            await asOwner('GET', path).then(
              () => undefined,
              () => true,
            ),
        );
      });
      const made = await eventually(async () => {
        const { status, created_at: createdAt } = (await asOwner<SnapshotAnswer>('GET', path)).snapshot;
        return status === 'available' ? createdAt : undefined;
      });
      return Date.parse(`${made.slice(0, 23)}Z`);
    },
    /** Allocates a floating IP; resolves with its creation time. */
    address: async (): Promise<number> => {
      const floatingip = { floating_network_id: outside, project_id: projectId };
      const { floatingip: made } = await asAdmin<{ floatingip: { id: string; created_at: string } }>(
        'POST',
        `${networkUrl}/floatingips`,
        { floatingip },
      );
      onTestFinished(async () => await asAdmin('DELETE', `${networkUrl}/floatingips/${made.id}`));
      return Date.parse(made.created_at);
    },
    /** Stores 1 MiB in the object store; resolves once the account shows it. */
    object: async (): Promise<void> => {
      await asOwner('PUT', `${account}/container`);
      await asOwner('PUT', `${account}/container/object`, Buffer.alloc(2 ** 20));
      await eventually(async () => {
        const [container] = await asOwner<{ bytes: number }[]>('GET', `${account}?format=json`);
        return container?.bytes === 2 ** 20 ? true : undefined;
      });
    },
  };
}

/** Makes an external network with floating IPs for projects. */
async function createOutsideNetwork(call: Call, networkUrl: string): Promise<string> {
  const { network } = await call<{ network: { id: string } }>('POST', `${networkUrl}/networks`, {
    network: { name: 'stackmeter-outside', 'router:external': true },
  });
  onTestFinished(async () => await call('DELETE', `${networkUrl}/networks/${network.id}`));
  const subnet = { network_id: network.id, cidr: '203.0.113.0/24', ip_version: 4, enable_dhcp: false };
  await call('POST', `${networkUrl}/subnets`, { subnet });
  return network.id;
}
