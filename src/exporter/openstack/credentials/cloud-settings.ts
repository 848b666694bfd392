import { UserError } from '../../../runtime/user-error.ts';

export type Table = Readonly<Record<string, unknown>>;

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Merges two tables, and the tables in them. Values of `over` win. */
export function mergeTables(under: Table, over: Table): Table {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTable(below) && isTable(value) ? mergeTables(below, value) : value;
  }
  return merged;
}

/**
 * The settings of a cloud in one region, merged as in the OpenStack SDK: the vendor's, then the cloud's, then the region's.
 * `wanted` names the region; undefined takes the first one.
 */
export function cloudSettings(vendor: Table, own: Table, wanted: string | undefined): Table {
  const [under, over] = [dashless(vendor), dashless(own)];
  const { regions: _, ...settings } = mergeTables(under, over);
  const known = 'regions' in over || 'region_name' in over ? over : under;
  const region = chosenRegion(regionsOf(known), wanted);
  const whole = mergeTables(settings, dashless(region.values));
  return formatted({ ...whole, region_name: region.name });
}

interface Region {
  name: string | undefined;
  values: Table;
}

/** The wanted region. It may be only in the catalog, and not in these files. */
function chosenRegion(regions: readonly Region[], wanted: string | undefined): Region {
  if (wanted === undefined) return regions[0] ?? { name: undefined, values: {} };
  return regions.find(({ name }) => name === wanted) ?? { name: wanted, values: {} };
}

/** The regions of a cloud. Each is a name, or a table with a name and values; `region_name` may list several. */
function regionsOf({ regions, region_name: name }: Table): Region[] {
  const names = typeof name === 'string' ? name.split(',') : name;
  const listed: unknown[] = [regions ?? names ?? []].flat();
  return listed.map((region) => {
    const table = isTable(region) ? region : { name: region };
    if (typeof table['name'] !== 'string') throw new UserError('a region has no name');
    return { name: table['name'], values: isTable(table['values']) ? table['values'] : {} };
  });
}

/** The SDK reads `auth-url` as `auth_url`. */
function dashless(table: Table): Table {
  return Object.fromEntries(
    Object.entries(table).map(([key, value]) => [
      key.replaceAll('-', '_'),
      isTable(value) ? dashless(value) : value,
    ]),
  );
}

/** Replaces `{region_name}` and the like in addresses by settings of the cloud. */
function formatted(settings: Table): Table {
  const fill = (text: unknown) =>
    typeof text !== 'string'
      ? text
      : text.replaceAll(/\{\{|\}\}|\{(\w+)\}/g, (whole: string, key?: string) => {
          const value = key === undefined ? whole[0] : settings[key];
          return typeof value === 'string' ? value : whole;
        });
  const filled = Object.entries(settings).map(([key, value]) => [
    key,
    key === 'password' ? value : fill(value),
  ]);
  const auth = isTable(settings['auth']) ? settings['auth'] : {};
  const authUrl = auth['auth_url'] === undefined ? {} : { auth_url: fill(auth['auth_url']) };
  return { ...(Object.fromEntries(filled) as Table), auth: { ...auth, ...authUrl } };
}
