import { homedir } from 'node:os';
import { UserError } from '../../../runtime/user-error.ts';
import { isTable, type Table } from './cloud-settings.ts';

export interface CloudOrigin {
  file: string;
  name: string;
  /** True if the environment allows unverified certificates. */
  acceptsInsecure: boolean;
}

/** The settings of a cloud in clouds.yaml as `OS_*` variables of the same meaning. */
export function cloudVariables(settings: Table, origin: CloudOrigin): Record<string, string> {
  const { auth, verify, insecure, cacert, cert, key, endpoint_type: endpointType, ...rest } = settings;
  const unverified = verify === false || /^true$/i.test(String(insecure));
  refuseInsecure(unverified, origin);
  return {
    OS_INSECURE: String(unverified),
    ...variables(endpointType === undefined ? rest : { ...rest, interface: endpointType }),
    ...files({ cacert, cert, key }),
    ...authVariables(isTable(auth) ? auth : {}, origin),
  };
}

/** A line in a shared file is not enough to send a password without verified certificates. Throws `UserError`. */
function refuseInsecure(unverified: boolean, { file, name, acceptsInsecure }: CloudOrigin): void {
  if (!unverified || acceptsInsecure) return;
  throw new UserError(
    `cloud '${name}' of ${file} does not verify certificates: name its authority with cacert instead, or set OS_INSECURE=true to send the password to any server that answers`,
  );
}

/** Throws `UserError` for values such as `password: yes`, which is not text in YAML. Does not show the value. */
function authVariables(auth: Table, { file, name }: CloudOrigin): Record<string, string> {
  const odd = Object.entries(auth).find(([, value]) => typeof value === 'boolean');
  if (odd === undefined) return variables(auth);
  throw new UserError(`cloud '${name}' of ${file}: auth.${odd[0]} is yes or no in YAML: put it in quotes`);
}

/** Several interfaces become one variable, with commas. */
function variables(table: Table): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(table)) {
    const text = Array.isArray(value) && key.endsWith('interface') ? value.join(',') : value;
    if (typeof text === 'string') found[`OS_${key.toUpperCase()}`] = text;
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
