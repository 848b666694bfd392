import { randomUUID } from 'node:crypto';
import { eventually } from '../support/processes.ts';
import { type LabProject, type LabServer } from './lab.ts';

/** The settings of a host that keeps shelved and deleted servers for a while. */
export const KEEPING = [
  'shelved_offload_time = 25',
  'shelved_poll_interval = 2',
  'reclaim_instance_interval = 12',
  'periodic_fuzzy_delay = 0',
];

export interface Lab extends LabProject {
  /** The address of the Nova that keeps deleted servers. */
  nova: string;
}

/** What happens to one server between two refreshes. */
export interface Life {
  name: string;
  /** On the host that keeps servers for a while; else on the cloud's own host. */
  isKept?: true;
  /** Nova does not tell all states of the server. */
  isVague?: true;
  live: (server: LabServer, lab: Lab) => Promise<void>;
}

export const pause = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));
const twice = async (cycle: () => Promise<void>) => {
  await cycle();
  await cycle();
};
const steps =
  (...all: readonly (readonly [action: object, status: string])[]): Life['live'] =>
  async (server, { act }) =>
    await twice(async () => {
      for (const [action, status] of all) await act(server, action, status);
    });
/** Deletes a server when Nova has noted the end of its last action. Otherwise Nova would note that the action failed. */
const deleteAfterwards = async (server: LabServer, { admin, delete: remove }: Lab) => {
  const path = `/servers/${server.id}/os-instance-actions`;
  await eventually(async () => {
    const { instanceActions } = await admin<{ instanceActions: { request_id: string }[] }>('GET', path);
    const last = await admin<{ instanceAction: { events: { finish_time: string | null }[] } }>(
      'GET',
      `${path}/${instanceActions[0]?.request_id}`,
    );
    return last.instanceAction.events.every(({ finish_time: finished }) => finished !== null) || undefined;
  });
  await remove(server);
};
const softDelete = async (server: LabServer, { owner, reach, nova }: Lab) => {
  await owner('DELETE', `${nova}/servers/${server.id}`);
  await reach(server, 'SOFT_DELETED');
};
const reset = (state: string) => ({ 'os-resetState': { state } });
export const PURGED = 'actions purged';
export const UNANSWERED = 'actions not answered';
/** Two servers of two flavors with one name. */
export const TWO_FLAVORS = 'two flavors of one name';
const STOP_AND_START = steps([{ 'os-stop': null }, 'SHUTOFF'], [{ 'os-start': null }, 'ACTIVE']);

const BY_NAME: Readonly<Record<string, Omit<Life, 'name'>>> = {
  'stop, start, pause, unpause': {
    live: steps(
      [{ 'os-stop': null }, 'SHUTOFF'],
      [{ 'os-start': null }, 'ACTIVE'],
      [{ pause: null }, 'PAUSED'],
      [{ unpause: null }, 'ACTIVE'],
    ),
  },
  'suspend, resume, rescue, unrescue': {
    live: steps(
      [{ suspend: null }, 'SUSPENDED'],
      [{ resume: null }, 'ACTIVE'],
      [{ rescue: null }, 'RESCUE'],
      [{ unrescue: null }, 'ACTIVE'],
    ),
  },
  'reboot, rebuild, stop, rebuild': {
    live: async (server, { act, rebuild, owner }) => {
      await act(server, { reboot: { type: 'SOFT' } }, 'ACTIVE');
      await act(server, { reboot: { type: 'HARD' } }, 'ACTIVE');
      await twice(async () => await rebuild(server));
      await act(server, { 'os-stop': null }, 'SHUTOFF');
      const { images } = await owner<{ images: { id: string }[] }>('GET', 'image/v2/images?status=active');
      await act(server, { rebuild: { imageRef: images[0]?.id } }, 'SHUTOFF');
    },
  },
  'resize, confirm': {
    live: async (server, { act, resize }) => {
      for (const flavor of ['m1.large', 'm1.small']) {
        await resize(server, flavor);
        await act(server, { confirmResize: null }, 'ACTIVE');
      }
    },
  },
  'resize, revert': {
    live: async (server, { act, resize }) =>
      await twice(async () => {
        await resize(server, 'm1.large');
        await act(server, { revertResize: null }, 'ACTIVE');
      }),
  },
  'shelve, unshelve, stop, delete': {
    live: async (server, lab) => {
      await steps([{ shelve: null }, 'SHELVED_OFFLOADED'], [{ unshelve: null }, 'ACTIVE'])(server, lab);
      await lab.act(server, { 'os-stop': null }, 'SHUTOFF');
      await deleteAfterwards(server, lab);
    },
  },
  'shelve, offload, unshelve, shelve, delete': {
    isKept: true,
    live: async (server, lab) => {
      await lab.act(server, { shelve: null }, 'SHELVED');
      // On a busy machine Nova may offload the server first.
      await lab
        .act(server, { shelveOffload: null }, 'SHELVED_OFFLOADED', lab.admin)
        .catch(async () => await lab.reach(server, 'SHELVED_OFFLOADED'));
      await lab.act(server, { unshelve: null }, 'ACTIVE');
      await lab.act(server, { shelve: null }, 'SHELVED_OFFLOADED');
      await deleteAfterwards(server, lab);
    },
  },
  'shelve, offload by Nova, unshelve': {
    isKept: true,
    live: async (server, { act, reach }) => {
      await act(server, { shelve: null }, 'SHELVED');
      await reach(server, 'SHELVED_OFFLOADED');
      await act(server, { unshelve: null }, 'ACTIVE');
    },
  },
  'error, reset': {
    isVague: true,
    live: async (server, { act, admin }) =>
      await twice(async () => {
        await act(server, reset('error'), 'ERROR', admin);
        await pause(2000);
        await act(server, reset('active'), 'ACTIVE', admin);
        await pause(2000);
      }),
  },
  'delete softly, restore, delete softly, delete': {
    live: async (server, lab) => {
      await softDelete(server, lab);
      await lab.act(server, { restore: null }, 'ACTIVE');
      await softDelete(server, lab);
      await lab.owner('POST', `/servers/${server.id}/action`, { forceDelete: null });
      await lab.reachEnd(server);
    },
  },
  'delete softly, reclaim': {
    isKept: true,
    live: async (server, lab) => {
      await softDelete(server, lab);
      await lab.reachEnd(server);
    },
  },
  [PURGED]: { isVague: true, live: STOP_AND_START },
  [UNANSWERED]: { live: STOP_AND_START },
};

export const LIVES: readonly Life[] = Object.entries(BY_NAME).map(([name, life]) => ({ name, ...life }));

/** Boots a server of each of two flavors of one name, of which the first is deleted. Returns their ids. */
export async function bootBothFlavors({ admin, boot }: Lab): Promise<string[]> {
  const name = `stackmeter-${randomUUID()}`;
  const ids: string[] = [];
  for (const vcpus of [1, 3]) {
    const body = { flavor: { name, vcpus, ram: 64 * vcpus, disk: 1 } };
    const { flavor } = await admin<{ flavor: { id: string } }>('POST', '/flavors', body);
    try {
      ids.push((await boot(name, { metadata: { life: TWO_FLAVORS } })).id);
    } finally {
      await admin('DELETE', `/flavors/${flavor.id}`);
    }
  }
  return ids;
}
