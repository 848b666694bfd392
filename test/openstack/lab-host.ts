import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { inAdminProject } from './client.ts';
import type { labTools } from './lab-tools.ts';
import { eventually } from '../support/processes.ts';

interface ComputeService {
  id: string;
  state: string;
}

/** A compute host that may fail. It is removed with the test; delete servers evacuated from it before. */
export interface LabHost {
  name: string;
  /** Keeps new servers, and servers that move, away from the host. */
  disable(): Promise<void>;
  /** Ends the host, and tells Nova that it is down. */
  fail(): Promise<void>;
}

/** Starts a nova-compute beside the cloud's own, with these lines of settings. */
export async function startLabHost(
  tools: ReturnType<typeof labTools>,
  admin: Record<string, string>,
  settings: readonly string[] = [],
): Promise<LabHost> {
  const name = `stackmeter-${randomUUID().slice(0, 8)}`;
  const call = await inAdminProject(admin);
  const services = async () => {
    const path = `/os-services?binary=nova-compute&host=${name}`;
    return (await call<{ services: ComputeService[] }>('GET', path)).services;
  };
  const compute = tools.startCompute(name, settings);
  onTestFinished(async () => {
    compute.kill();
    for (const { id } of await services()) await call('DELETE', `/os-services/${id}`);
  });
  const { id } = await eventually(async () => (await services()).find(({ state }) => state === 'up'));
  compute.discover();
  return {
    name,
    disable: async () => void (await call('PUT', `/os-services/${id}`, { status: 'disabled' })),
    fail: async () => {
      compute.kill();
      await call('PUT', `/os-services/${id}`, { forced_down: true });
    },
  };
}
