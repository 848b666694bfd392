import { EXPORTER_SECTIONS, EXPORTER_SETTINGS } from '../../exporter/settings/settings.ts';
import { gateSections, gateSettings } from '../../gate/settings/settings.ts';
import { grantTables } from '../../portal/accounts/grants/documents.ts';
import { priceBookTables } from '../../portal/accounts/price-books/documents.ts';
import { portalSections, portalSettings } from '../../portal/settings/settings.ts';
import { tomlKey } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { simulationSettings } from '../../simulation/settings.ts';

export const CONFIGURATION_KINDS = [
  'exporter',
  'gate',
  'portal',
  'simulation',
  'grants',
  'prices',
  'profile',
] as const;
export type ConfigurationKind = (typeof CONFIGURATION_KINDS)[number];

/** The keys of each role's file. The keys of a profile are names of domains, and can be any. */
const KEYS: Record<Exclude<ConfigurationKind, 'profile'>, readonly string[]> = {
  exporter: [...Object.keys(EXPORTER_SETTINGS).map(tomlKey), ...Object.keys(EXPORTER_SECTIONS)],
  gate: [...Object.keys(gateSettings).map(tomlKey), ...Object.keys(gateSections)],
  portal: [...Object.keys(portalSettings).map(tomlKey), ...Object.keys(portalSections)],
  simulation: Object.keys(simulationSettings).map(tomlKey),
  grants: Object.keys(grantTables),
  prices: Object.keys(priceBookTables),
};

/** The kind of a file: prices or grants if it has nothing else, or else the role that knows most of its keys. Throws a `UserError` if no role or several roles fit. */
export function configurationKind(tables: Record<string, unknown>, file: string): ConfigurationKind {
  if (Object.keys(tables).length === 0) throw new UserError(`${file}: the file is empty`);
  for (const kind of ['prices', 'grants'] as const)
    if (Object.keys(tables).every((key) => KEYS[kind].includes(key))) return kind;
  if (looksLikeProfile(tables)) return 'profile';
  const known = Object.entries(KEYS).map(([kind, keys]) => ({
    kind: kind as ConfigurationKind,
    count: Object.keys(tables).filter((key) => keys.includes(key)).length,
  }));
  const most = Math.max(...known.map(({ count }) => count));
  const [best, ...others] = known.filter(({ count }) => count === most && count > 0);
  if (best === undefined)
    throw new UserError(`${file}: no key is known to exporter, gate, portal or simulation`);
  if (others.length === 0) return best.kind;
  const kinds = [best, ...others].map(({ kind }) => kind).join(', ');
  throw new UserError(`${file}: its keys fit several roles (${kinds}); choose one with --role`);
}

/** True if there are only tables, and one of them has a list of projects. */
function looksLikeProfile(tables: Record<string, unknown>): boolean {
  const values = Object.values(tables);
  const isTable = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return (
    values.every(isTable) &&
    values.some((value) => Array.isArray((value as Record<string, unknown>)['projects']))
  );
}
