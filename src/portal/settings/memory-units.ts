import { UserError } from '../../runtime/user-error.ts';
import type { MemoryUnit } from '../ledger/accounting/sweeps/readings.ts';
import type { SenderConfig } from './sender-settings.ts';
import type { SiteConfig } from './site-settings.ts';

/** The units of memory from sites and senders, by site. Throws `UserError` if two of them differ. */
export function memoryUnits(
  sites: readonly Pick<SiteConfig, 'name' | 'memoryUnit'>[],
  senders: readonly Pick<SenderConfig, 'name' | 'memoryUnits'>[],
): Map<string, MemoryUnit> {
  const units = new Map<string, { unit: MemoryUnit; where: string }>();
  const state = (site: string, unit: MemoryUnit, where: string) => {
    const known = units.get(site);
    if (known !== undefined && known.unit !== unit)
      throw new UserError(
        `memory_unit of site '${site}' is "${known.unit}" in ${known.where} and "${unit}" in ${where}; a site has one unit`,
      );
    units.set(site, { unit, where });
  };
  for (const { name, memoryUnit } of sites)
    if (memoryUnit !== undefined) state(name, memoryUnit, 'its [[site]]');
  for (const { name, memoryUnits: stated = new Map<string, MemoryUnit>() } of senders)
    for (const [site, unit] of stated) state(site, unit, `sender '${name}'`);
  return new Map([...units].map(([site, { unit }]) => [site, unit]));
}
