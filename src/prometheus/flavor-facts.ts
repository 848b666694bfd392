import { cleanName } from './label-text.ts';
import type { Labels } from './sample.ts';

/**
 * The facts of a flavor, as a server has it (rule S2). A flavor that was deleted and created again under its name with
 * another size is another flavor.
 */
export interface FlavorFacts {
  /** Undefined if only the sizes are known. */
  readonly name?: string;
  readonly vcpu: number;
  /** MiB of memory. */
  readonly mb: number;
  /** GiB of root and ephemeral disk together, as Nova counts usage. */
  readonly disk_gb: number;
  /** GiB. Undefined if the server's own flavor could not be read. */
  readonly ephemeral_gb?: number;
  /** MiB. Undefined if the server's own flavor could not be read. */
  readonly swap_mb?: number;
  /** How many devices of each name, such as `a100`. Undefined if the role may not read extra specs. */
  readonly devices?: Readonly<Record<string, number>>;
}

/** In characters. Nova's names have up to 255. */
export const LONGEST_FLAVOR_LABEL = 1024;

const UNKNOWN = '?';
const NO_DEVICES = '0';

/**
 * The facts as one text, which is the label `flavor` of server hours: `NAME/VCPUS/MIB/GIB/EPHEMERAL/SWAP/GPUS`, such
 * as `m1.small/1/2048/20/0/0/0` and `gpu.large/8/65536/80/0/0/a100=2,h100=1`. A fact that is not known is `?`. Equal facts
 * have equal texts, so a reader needs no second series to know what a flavor is.
 */
export function flavorLabel({ name = '', vcpu, mb, disk_gb, ...rest }: FlavorFacts): string {
  const { ephemeral_gb = UNKNOWN, swap_mb = UNKNOWN, devices } = rest;
  return [cleanName(name), vcpu, mb, disk_gb, ephemeral_gb, swap_mb, deviceText(devices)].join('/');
}

/** The devices as text, such as `a100=2,h100=1`; `?` if they are not known, and `0` if there are none. */
function deviceText(devices: FlavorFacts['devices']): string {
  if (devices === undefined) return UNKNOWN;
  const text = Object.entries(devices)
    .filter(([, count]) => count > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([device, count]) => `${encodeURIComponent(cleanName(device))}=${count}`)
    .join(',');
  return text === '' ? NO_DEVICES : text;
}

const SIZE = /^(?:0|[1-9][0-9]{0,14})$/;
const DEVICES = /^[^=,]+=[1-9][0-9]{0,14}(?:,[^=,]+=[1-9][0-9]{0,14}){0,31}$/;
const FIELDS_AFTER_NAME = 6;

/** The facts in a label `flavor`; undefined for a text that `flavorLabel` does not write. */
export function flavorOfLabel(text: string): FlavorFacts | undefined {
  if (text.length > LONGEST_FLAVOR_LABEL) return undefined;
  const fields = text.split('/');
  const name = fields.slice(0, -FIELDS_AFTER_NAME).join('/'); // only the name may contain slashes
  const [vcpu = '', mb = '', disk = '', ephemeral = '', swap = '', gpus = ''] =
    fields.slice(-FIELDS_AFTER_NAME);
  const known = [vcpu, mb, disk, ...[ephemeral, swap].filter((size) => size !== UNKNOWN)];
  if (fields.length <= FIELDS_AFTER_NAME || !known.every((size) => SIZE.test(size))) return undefined;
  if (gpus !== UNKNOWN && gpus !== NO_DEVICES && !DEVICES.test(gpus)) return undefined;
  const devices = devicesOf(gpus);
  const facts: FlavorFacts = {
    ...(name === '' ? {} : { name }),
    vcpu: Number(vcpu),
    mb: Number(mb),
    disk_gb: Number(disk),
    ...(ephemeral === UNKNOWN ? {} : { ephemeral_gb: Number(ephemeral) }),
    ...(swap === UNKNOWN ? {} : { swap_mb: Number(swap) }),
    ...(devices === undefined ? {} : { devices }),
  };
  return flavorLabel(facts) === text ? facts : undefined;
}

function devicesOf(text: string): Record<string, number> | undefined {
  if (text === UNKNOWN) return undefined;
  if (text === NO_DEVICES) return {};
  return Object.fromEntries(
    text.split(',').map((device) => {
      const [name = '', count] = device.split('=');
      return [decoded(name), Number(count)];
    }),
  );
}

/** Text that is not percent-encoded stays as it is. Its label is refused, since it does not encode to itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The facts as the labels of `stackmeter_exporter_flavor_info`. */
export function flavorInfoLabels(facts: FlavorFacts): Labels {
  const text = (size: number | undefined) => (size === undefined ? '' : String(size));
  return {
    flavor: flavorLabel(facts),
    name: cleanName(facts.name ?? ''),
    vcpus: String(facts.vcpu),
    memory_mb: String(facts.mb),
    disk_gb: String(facts.disk_gb),
    ephemeral_gb: text(facts.ephemeral_gb),
    swap_mb: text(facts.swap_mb),
    gpus: deviceText(facts.devices),
  };
}
