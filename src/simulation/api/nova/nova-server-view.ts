import { createHash } from 'node:crypto';
import { stableUuid } from '../../model/stable-ids.ts';
import { type Flavor, type ServerState } from '../../model/server-life.ts';
import { changedMs, isBusy, vmStateOf } from '../../model/server-record.ts';
import { formatMicroseconds, formatSeconds } from '../context/exchange.ts';
import { NOVA_PATH } from '../keystone/keystone-catalog.ts';

/** The status of a server in each state other than active. */
const STATUS: Readonly<Record<string, string>> = {
  stopped: 'SHUTOFF',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  shelved: 'SHELVED',
  shelved_offloaded: 'SHELVED_OFFLOADED',
  resized: 'VERIFY_RESIZE',
  rescued: 'RESCUE',
  'soft-delete': 'SOFT_DELETED',
  error: 'ERROR',
};

const IMAGE_ID = stableUuid('image');

/** A server in `/servers/detail`, with the members of the microversion. */
export function describeServer(server: ServerState, origin: string, minor: number): Record<string, unknown> {
  const { life, deletedMs } = server;
  const gone = deletedMs !== undefined;
  return {
    id: life.id,
    name: life.name,
    status: gone ? 'DELETED' : (STATUS[vmStateOf(server)] ?? 'ACTIVE'),
    tenant_id: life.projectId,
    user_id: life.projectId,
    // Nova deletes the metadata with the server.
    metadata: gone ? {} : life.metadata,
    hostId: createHash('sha224').update(life.projectId).digest('hex'),
    image: { id: IMAGE_ID, links: [{ rel: 'bookmark', href: `${origin}/compute/images/${IMAGE_ID}` }] },
    flavor: minor >= 47 ? embeddedFlavor(server.flavor) : flavorReference(server.flavor, origin),
    created: formatSeconds(server.createdMs),
    updated: formatSeconds(changedMs(server)),
    addresses: {},
    accessIPv4: '',
    accessIPv6: '',
    links: [
      { rel: 'self', href: `${origin}${NOVA_PATH}/servers/${life.id}` },
      { rel: 'bookmark', href: `${origin}/compute/servers/${life.id}` },
    ],
    'OS-DCF:diskConfig': 'MANUAL',
    ...(gone ? {} : { progress: 0 }),
    'OS-EXT-AZ:availability_zone': 'nova',
    config_drive: '',
    key_name: null,
    'OS-SRV-USG:launched_at': formatMicroseconds(server.launchedMs),
    'OS-SRV-USG:terminated_at': deletedMs === undefined ? null : formatMicroseconds(deletedMs),
    ...administratorMembers(server, minor),
    'OS-EXT-STS:task_state': isBusy(server) ? 'working' : null,
    'OS-EXT-STS:vm_state': gone ? 'deleted' : vmStateOf(server),
    'OS-EXT-STS:power_state': gone ? 0 : 1,
    'os-extended-volumes:volumes_attached': [],
    ...laterMembers(gone, minor),
  };
}

/** A server whose cell is down: Nova knows only these members. */
export function describeUnknown({ life, createdMs }: ServerState, origin: string): Record<string, unknown> {
  return {
    id: life.id,
    status: 'UNKNOWN',
    tenant_id: life.projectId,
    created: formatSeconds(createdMs),
    links: [
      { rel: 'self', href: `${origin}${NOVA_PATH}/servers/${life.id}` },
      { rel: 'bookmark', href: `${origin}/compute/servers/${life.id}` },
    ],
  };
}

function administratorMembers({ life }: ServerState, minor: number): Record<string, unknown> {
  return {
    'OS-EXT-SRV-ATTR:host': 'simulated-compute-1',
    'OS-EXT-SRV-ATTR:instance_name': `instance-${life.id.slice(0, 8)}`,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': 'simulated-compute-1',
    ...(minor >= 3 && {
      'OS-EXT-SRV-ATTR:reservation_id': `r-${life.id.slice(0, 8)}`,
      'OS-EXT-SRV-ATTR:launch_index': 0,
      'OS-EXT-SRV-ATTR:hostname': life.name.replaceAll(/[^A-Za-z0-9-]/g, '') || `host-${life.id.slice(0, 8)}`,
      'OS-EXT-SRV-ATTR:kernel_id': '',
      'OS-EXT-SRV-ATTR:ramdisk_id': '',
      'OS-EXT-SRV-ATTR:root_device_name': '/dev/sda',
      'OS-EXT-SRV-ATTR:user_data': null,
    }),
  };
}

function laterMembers(gone: boolean, minor: number): Record<string, unknown> {
  return {
    ...(minor >= 9 && { locked: false }),
    ...(minor >= 73 && { locked_reason: null }),
    ...(minor >= 19 && { description: null }),
    ...(minor >= 26 && { tags: [] }),
    ...(minor >= 63 && { trusted_image_certificates: null }),
    ...(minor >= 16 && { host_status: gone ? '' : 'UP' }),
  };
}

/** Since 2.47 a server has a copy of its flavor, without the flavor's id. */
function embeddedFlavor(flavor: Flavor) {
  return {
    vcpus: flavor.vcpus,
    ram: flavor.memoryMb,
    disk: flavor.diskGb,
    ephemeral: flavor.ephemeralGb,
    swap: 0,
    original_name: flavor.name,
    extra_specs: flavor.extraSpecs,
  };
}

function flavorReference({ id }: Flavor, origin: string) {
  return { id, links: [{ rel: 'bookmark', href: `${origin}/compute/flavors/${id}` }] };
}
