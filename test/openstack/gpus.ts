import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { inAdminProject, type Call } from './client.ts';

interface GpuCloud {
  /** The name of a custom resource class. */
  customClass: string;
  /** Makes a flavor and returns its name. */
  flavor(extraSpecs: Record<string, string>): Promise<string>;
  /** Adds extra specs to a flavor, which may have running servers. */
  addExtraSpecs(flavor: string, extraSpecs: Record<string, string>): Promise<void>;
  removeFlavor(flavor: string): Promise<void>;
}

/** Gives the compute host eight virtual GPUs and eight devices of a custom class. */
export async function createGpuCloud(admin: Record<string, string>): Promise<GpuCloud> {
  const call = await inAdminProject(admin);
  const suffix = randomUUID().slice(0, 8);
  const customClass = `CUSTOM_GPU_${suffix.toUpperCase()}`;
  await call('PUT', `placement/resource_classes/${customClass}`);
  onTestFinished(async () => await call('DELETE', `placement/resource_classes/${customClass}`));
  await addDevices(call, { VGPU: { total: 8 }, [customClass]: { total: 8 } });
  const ids = new Map<string, string>();
  const removeFlavor = async (name: string) => {
    const id = ids.get(name);
    if (ids.delete(name)) await call('DELETE', `/flavors/${id}`);
  };
  const addExtraSpecs = async (name: string, extraSpecs: Record<string, string>) =>
    await call<void>('POST', `/flavors/${ids.get(name)}/os-extra_specs`, { extra_specs: extraSpecs });
  return {
    customClass,
    addExtraSpecs,
    removeFlavor,
    flavor: async (extraSpecs) => {
      const name = `stackmeter-${suffix}-${ids.size}`;
      const body = { flavor: { name, vcpus: 1, ram: 512, disk: 1 } };
      ids.set(name, (await call<{ flavor: { id: string } }>('POST', '/flavors', body)).flavor.id);
      onTestFinished(async () => await removeFlavor(name));
      if (Object.keys(extraSpecs).length > 0) await addExtraSpecs(name, extraSpecs);
      return name;
    },
  };
}

/** Adds a provider below the host's provider, because nova-compute overwrites only the host's own inventory. */
async function addDevices(call: Call, inventories: Record<string, { total: number }>): Promise<void> {
  const { resource_providers: hosts } = await call<{ resource_providers: { uuid: string; name: string }[] }>(
    'GET',
    'placement/resource_providers?resources=VCPU:1',
  );
  const uuid = randomUUID();
  await call('POST', 'placement/resource_providers', {
    uuid,
    name: `stackmeter-${uuid}`,
    parent_provider_uuid: hosts[0]?.uuid,
  });
  onTestFinished(async () => await call('DELETE', `placement/resource_providers/${uuid}`));
  const body = { resource_provider_generation: 0, inventories };
  await call('PUT', `placement/resource_providers/${uuid}/inventories`, body);
}
