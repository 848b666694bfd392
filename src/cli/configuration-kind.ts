import { EXPORTER_SECTIONS, EXPORTER_SETTINGS } from '../exporter/settings/settings.ts';
import { gateSections, gateSettings } from '../gate/settings/settings.ts';
import { portalSections, portalSettings } from '../portal/settings/settings.ts';
import { tomlKey } from '../runtime/settings/settings.ts';
import { UserError } from '../runtime/user-error.ts';
import { simulationSettings } from '../simulation/settings.ts';

export const CONFIGURATION_KINDS = ['exporter', 'gate', 'portal', 'simulation', 'profile'] as const;
export type ConfigurationKind = (typeof CONFIGURATION_KINDS)[number];

/** The keys that each role's file may have. A profile has names of domains, which can be any. */
const KEYS: Record<Exclude<ConfigurationKind, 'profile'>, readonly string[]> = {
  exporter: [...Object.keys(EXPORTER_SETTINGS).map(tomlKey), ...Object.keys(EXPORTER_SECTIONS)],
  gate: [...Object.keys(gateSettings).map(tomlKey), ...Object.keys(gateSections)],
  portal: [...Object.keys(portalSettings).map(tomlKey), ...Object.keys(portalSections)],
  simulation: Object.keys(simulationSettings).map(tomlKey),
};

/** Whose file this is, by its keys: the role that knows most of them. Throws `UserError` where that is not one. */
export function configurationKind(tables: Record<string, unknown>, file: string): ConfigurationKind {
  if (Object.keys(tables).length === 0) throw new UserError(`${file}: there is nothing in it`);
  if (looksLikeProfile(tables)) return 'profile';
  const known = Object.entries(KEYS).map(([kind, keys]) => ({
    kind: kind as ConfigurationKind,
    count: Object.keys(tables).filter((key) => keys.includes(key)).length,
  }));
  const most = Math.max(...known.map(({ count }) => count));
  const [best, ...others] = known.filter(({ count }) => count === most && count > 0);
  if (best === undefined)
    throw new UserError(`${file}: none of its keys is one of exporter, gate, portal or simulation`);
  if (others.length === 0) return best.kind;
  const kinds = [best, ...others].map(({ kind }) => kind).join(', ');
  throw new UserError(`${file}: its keys fit several roles (${kinds}); say which one it is for with --role`);
}

/** Tables alone, and a list of projects in one of them. */
function looksLikeProfile(tables: Record<string, unknown>): boolean {
  const values = Object.values(tables);
  const isTable = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return (
    values.every(isTable) &&
    values.some((value) => Array.isArray((value as Record<string, unknown>)['projects']))
  );
}
