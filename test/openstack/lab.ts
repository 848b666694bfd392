import { randomUUID } from 'node:crypto';
import { inAdminProject, signedIn, type Call } from './client.ts';
import { eventually } from '../support/processes.ts';

const REACHED_WITHIN_MS = 120_000;

/** A server's flavor from an instant on, as Nova reported it at that time. */
export interface KnownLaunch {
  atMs: number;
  vcpus: number;
  memoryMb: number;
}

export interface LabServer {
  id: string;
  launches: KnownLaunch[];
  endedMs: number | undefined;
}

/** A new project in a cloud whose database and services the tests may break. */
export interface LabProject {
  id: string;
  /** Boots a server on this host, which needs an administrator, or on any host. */
  boot: (flavor: string, how?: { host?: string; metadata?: Record<string, string> }) => Promise<LabServer>;
  /** Requests an action, as its owner or by this call, waits for the status, and records the new launch. */
  act: (server: LabServer, action: object, status: string, as?: Call) => Promise<void>;
  /** Waits for the status, and records the new launch. */
  reach: (server: LabServer, status: string) => Promise<void>;
  /** Waits for the end of a server that is deleted, or that Nova deletes by itself. */
  reachEnd: (server: LabServer) => Promise<void>;
  /** Sends requests as the owner of the servers, and as an administrator. */
  owner: Call;
  admin: Call;
  /** Resizes a server up to the point where it can be confirmed or reverted. */
  resize: (server: LabServer, flavor: string) => Promise<void>;
  rebuild: (server: LabServer) => Promise<void>;
  /** Moves a server away from its failed host. */
  evacuate: (server: LabServer) => Promise<void>;
  delete: (server: LabServer) => Promise<void>;
  remove: () => Promise<void>;
}

interface NovaServer {
  id: string;
  status: string;
  /** The action under way. Nova sets it before it answers the request for the action. */
  'OS-EXT-STS:task_state': string | null;
  'OS-SRV-USG:launched_at': string | null;
  'OS-SRV-USG:terminated_at': string | null;
  flavor: { vcpus: number; ram: number };
  /** The reason of status ERROR. */
  fault?: unknown;
}

/** Makes a project in which the user of `owner` may boot servers. */
export async function createLabProject(
  admin: Record<string, string>,
  owner: Record<string, string>,
): Promise<LabProject> {
  const cloud = await inAdminProject(admin);
  const keystone = admin['OS_AUTH_URL'] ?? '';
  const body = { project: { name: `stackmeter-${randomUUID()}`, domain_id: 'default' } };
  const { project } = await cloud<{ project: { id: string } }>('POST', `${keystone}/projects`, body);
  const named = async (kind: 'users' | 'roles', name = '') => {
    const found = await cloud<Record<string, { id: string }[]>>('GET', `${keystone}/${kind}?name=${name}`);
    return found[kind]?.[0]?.id ?? '';
  };
  const grant = async (user: string | undefined, role: string) => {
    const path = `users/${await named('users', user)}/roles/${await named('roles', role)}`;
    await cloud('PUT', `${keystone}/projects/${project.id}/${path}`);
  };
  await grant(owner['OS_USERNAME'], 'member');
  await grant(admin['OS_USERNAME'], 'admin');
  const call = await signedIn(owner, { id: project.id });
  return {
    ...servers(call, await signedIn(admin, { id: project.id })),
    id: project.id,
    remove: async () => {
      await deleteServers(call);
      await cloud('DELETE', `${keystone}/projects/${project.id}`);
    },
  };
}

function servers(call: Call, admin: Call): Omit<LabProject, 'id' | 'remove'> {
  const list = sharedList(call);
  const show = async (id: string) =>
    (await list()).find((one) => one.id === id) ??
    (await call<{ server: NovaServer }>('GET', `/servers/${id}`)).server;
  const named = async (kind: 'flavors' | 'images', name?: string) => {
    const path = kind === 'images' ? 'image/v2/images' : '/flavors';
    const found = await call<Record<string, { id: string; name: string; status?: string }[]>>('GET', path);
    const usable = found[kind]?.filter(({ status = 'active' }) => status === 'active');
    return usable?.find((one) => name === undefined || one.name === name)?.id;
  };
  const reach = async (server: LabServer, status: string) => {
    let shown: NovaServer | undefined;
    const found = await eventually(async () => {
      shown = await show(server.id);
      const isDone = shown['OS-EXT-STS:task_state'] === null;
      if (shown.status === 'ERROR') return shown;
      return shown.status === status && isDone ? shown : undefined;
    }, REACHED_WITHIN_MS).catch((error: unknown) => {
      throw new Error(`server ${server.id} did not become ${status}: ${JSON.stringify(shown)}`, {
        cause: error,
      });
    });
    if (found.status !== status)
      throw new Error(`server ${server.id} failed: ${JSON.stringify(found.fault)}`);
    const atMs = novaTime(found['OS-SRV-USG:launched_at']);
    if (atMs > (server.launches.at(-1)?.atMs ?? 0))
      server.launches.push({ atMs, vcpus: found.flavor.vcpus, memoryMb: found.flavor.ram });
  };
  // Nova's periodic look at the hypervisor may stop a server that was started meanwhile, so an action has a second try.
  const act = async (server: LabServer, action: object, status: string, as = call) => {
    const request = async () => await as('POST', `/servers/${server.id}/action`, action);
    await request();
    await reach(server, status).catch(async () => {
      await request();
      await reach(server, status);
    });
  };
  const reachEnd = async (server: LabServer) => {
    server.endedMs = await eventually(async () => {
      const path = `/servers/detail?all_tenants=1&deleted=true&uuid=${server.id}`;
      const { servers: found } = await admin<{ servers: NovaServer[] }>('GET', path);
      const ended = found.find(({ id }) => id === server.id)?.['OS-SRV-USG:terminated_at'];
      return ended ? novaTime(ended) : undefined;
    });
  };
  return {
    owner: call,
    admin,
    act,
    reach,
    reachEnd,
    boot: async (flavor, { host, metadata = {} } = {}) => {
      const [flavorRef, imageRef] = [await named('flavors', flavor), await named('images')];
      const zone = host === undefined ? {} : { availability_zone: `nova:${host}` };
      const body = { server: { name: 'metered', flavorRef, imageRef, metadata, networks: 'none', ...zone } };
      const made = await (host === undefined ? call : admin)<{ server: { id: string } }>(
        'POST',
        '/servers',
        body,
      );
      const server: LabServer = { id: made.server.id, launches: [], endedMs: undefined };
      await reach(server, 'ACTIVE');
      return server;
    },
    resize: async (server, flavor) => {
      await act(server, { resize: { flavorRef: await named('flavors', flavor) } }, 'VERIFY_RESIZE');
    },
    rebuild: async (server) => await act(server, { rebuild: { imageRef: await named('images') } }, 'ACTIVE'),
    evacuate: async (server) => await act(server, { evacuate: {} }, 'ACTIVE', admin),
    delete: async (server) => {
      await call('DELETE', `/servers/${server.id}`);
      await reachEnd(server);
    },
  };
}

/** The servers of a project. Callers that ask at the same time share an answer, because the cloud is slow. */
function sharedList(call: Call): () => Promise<NovaServer[]> {
  let next: Promise<NovaServer[]> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return async () => {
    next ??= last.then(async () => {
      next = undefined;
      return (await call<{ servers: NovaServer[] }>('GET', '/servers/detail')).servers;
    });
    last = next.catch(() => undefined);
    return await next;
  };
}

async function deleteServers(call: Call): Promise<void> {
  const list = async () => (await call<{ servers: { id: string }[] }>('GET', '/servers')).servers;
  for (const { id } of await list()) await call('DELETE', `/servers/${id}`);
  await eventually(async () => ((await list()).length === 0 ? true : undefined));
}

function novaTime(text: string | null): number {
  return Date.parse(`${(text ?? '').slice(0, 19)}Z`);
}
