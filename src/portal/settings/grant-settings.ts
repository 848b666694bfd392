import { z } from 'zod';
import { nearestName, strictTable } from '../../runtime/settings/strict-table.ts';
import { UserError } from '../../runtime/user-error.ts';
import type { Grant, GrantProject } from '../ledger/ledger.ts';

const grantTable = strictTable({
  name: z
    .string({ error: 'missing; give the grant a name, such as "climate"' })
    .trim()
    .min(1, 'is empty')
    .max(100, 'is longer than 100 characters')
    .regex(/^\P{C}*$/u, 'contains a character that is not printable')
    .describe('name of the grant'),
  projects: z
    .array(
      strictTable({
        site: z
          .string({ error: 'missing; name the site that the project is at' })
          .describe('site of the project'),
        id: z
          .string({ error: 'missing; write the id of the project in OpenStack' })
          .min(1, 'is empty')
          .describe('id of the project'),
        cloud: z
          .string({ error: 'must be text: the value of the label cloud, such as "north"' })
          .optional()
          .describe('cloud of the project; without it, every cloud of the site'),
      }),
      { error: 'must be a list such as [{ site = "site-a", id = "0f6c…" }]' },
    )
    .min(1, 'is empty; list the projects of the grant')
    .describe('the projects of the grant'),
});

type GrantTable = z.output<typeof grantTable>;

/** The schema of the `[[grant]]` tables of portal.toml. */
export const grantTables = z
  .array(grantTable, { error: 'write [[grant]], with double brackets, once for each grant' })
  .default([])
  .describe(
    'projects that the portal counts as one, as in earlier versions: stackmeter portal grants apply imports these tables, and then they must go',
  )
  .superRefine((grants, context) => {
    const problem = doubleName(grants) ?? doubleProject(grants);
    if (problem !== undefined)
      context.addIssue({ code: 'custom', path: [...problem.path], message: problem.message });
  });

interface Problem {
  path: readonly (string | number)[];
  message: string;
}

function doubleName(grants: readonly GrantTable[]): Problem | undefined {
  const names = grants.map(({ name }) => name);
  const index = names.findIndex((name, at) => names.indexOf(name) < at);
  if (index < 0) return undefined;
  return {
    path: [index, 'name'],
    message: `there are two grants '${names[index]}'; give each a name of its own`,
  };
}

/** Finds a project that is in two grants, or twice in one: its usage would be counted twice. */
function doubleProject(grants: readonly GrantTable[]): Problem | undefined {
  const seen = new Map<string, { grant: string; cloud: string | undefined }[]>();
  for (const [index, { name, projects }] of grants.entries())
    for (const [at, { site, id, cloud }] of projects.entries()) {
      const key = `${site}\0${id}`;
      const others = seen.get(key) ?? [];
      const other = others.find((one) => overlap(one.cloud, cloud));
      if (other !== undefined)
        return {
          path: [index, 'projects', at],
          message: `'${id}' at '${site}' is in grant '${other.grant}' already; a project can be in one grant only`,
        };
      seen.set(key, [...others, { grant: name, cloud }]);
    }
  return undefined;
}

function overlap(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

/** The grants of the tables. Throws `UserError` if a grant names a site that the portal does not have. */
export function resolveGrants(
  tables: readonly GrantTable[],
  sites: readonly string[],
  configFile: string | undefined,
): Grant[] {
  return tables.map(({ name, projects }, index) => ({
    name,
    projects: projects.map(({ site, id, cloud }, at): GrantProject => {
      if (!sites.includes(site))
        throw new UserError(
          `${configFile ?? 'configuration'}: grant[${index + 1}].projects[${at + 1}].site: ${unknownSite(site, sites)}`,
        );
      return { site, projectId: id, ...(cloud === undefined ? {} : { cloud }) };
    }),
  }));
}

function unknownSite(site: string, sites: readonly string[]): string {
  const nearest = nearestName(site, sites);
  const known = sites.length === 0 ? 'there are none' : `known are ${sites.join(', ')}`;
  return `no [[site]] or [[sender]] has a site '${site}'; ${nearest === undefined ? known : `did you mean '${nearest}'?`}`;
}
