import { homedir } from 'node:os';
import { UserError } from '../../runtime/user-error.ts';

export type Table = Readonly<Record<string, unknown>>;

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What `over` has wins; tables within are merged alike. */
export function mergeTables(under: Table, over: Table): Table {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTable(below) && isTable(value) ? mergeTables(below, value) : value;
  }
  return merged;
}

export interface CloudOrigin {
  file: string;
  name: string;
  /** The environment says that certificates need not be verified. */
  acceptsInsecure: boolean;
}

/** A cloud of clouds.yaml as the `OS_*` variables that mean the same. */
export function cloudVariables(cloud: Table, origin: CloudOrigin): Record<string, string> {
  const { auth, verify, insecure, regions, cacert, cert, key, ...rest } = dashless(cloud);
  refuseInsecure(verify, insecure, origin);
  return {
    OS_INSECURE: String(verify === false || insecure === true),
    ...regionVariable(regions),
    ...variables(rest),
    ...files({ cacert, cert, key }),
    ...variables(isTable(auth) ? dashless(auth) : {}),
  };
}

/** A line in a file that many share is not yet somebody's decision to trust every server on the way. */
function refuseInsecure(
  verify: unknown,
  insecure: unknown,
  { file, name, acceptsInsecure }: CloudOrigin,
): void {
  if ((verify !== false && insecure !== true) || acceptsInsecure) return;
  throw new UserError(
    `cloud '${name}' of ${file} does not verify certificates: name its authority with cacert instead, or set OS_INSECURE=true to send the password to whoever answers`,
  );
}

/** The first of several regions, as the OpenStack SDK takes it; each is a name or a table with one. */
function regionVariable(regions: unknown): Record<string, string> {
  const first: unknown = Array.isArray(regions) ? regions[0] : undefined;
  const name = isTable(first) ? first['name'] : first;
  return typeof name === 'string' ? { OS_REGION_NAME: name } : {};
}

/** The SDK takes `auth-url` for `auth_url`. */
function dashless(table: Table): Table {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key.replaceAll('-', '_'), value]));
}

function variables(table: Table): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(table)) {
    if (typeof value === 'string' || typeof value === 'number')
      found[`OS_${key.toUpperCase()}`] = String(value);
  }
  return found;
}

function files(paths: Table): Record<string, string> {
  const expanded = Object.entries(paths).map(([key, path]): [string, unknown] => [
    key,
    typeof path === 'string' ? path.replace(/^~(?=\/)/, homedir()) : path,
  ]);
  return variables(Object.fromEntries(expanded));
}
