import { parse as parseToml, TomlError } from 'smol-toml';
import { z } from 'zod';
import { firstIssue, strictTable } from '../../runtime/settings/strict-table.ts';
import { tomlError } from '../../runtime/files/toml-file.ts';
import { UserError } from '../../runtime/user-error.ts';
import type { Domain, Project } from '../model/cloud-model.ts';
import type { Flavor } from '../model/server-life.ts';
import { stableId, stableUuid } from '../model/stable-ids.ts';
import { readExistence, type Existence } from './existence.ts';

/** A machine of a profile, without its life. */
export interface Machine {
  /** The server's id, and the machine's identity when the file is read again. */
  id: string;
  name: string;
  projectId: string;
  flavor: Flavor;
  /** Undefined if the machine is never up. */
  existence: Existence | undefined;
  metadata: Readonly<Record<string, string>>;
}

export interface Profile {
  domains: Domain[];
  projects: Project[];
  machines: Machine[];
}

/** One PiB in GiB, and more vCPUs than any machine has. */
const MOST = 1_048_576;
const TOO_MUCH = `must be at most ${MOST}`;

const positiveInteger = z
  .number('must be a whole number above zero')
  .int('must be a whole number')
  .positive('must be above zero')
  .max(MOST, TOO_MUCH);

const machineSchema = strictTable({
  ram: z.number('must be a number of GiB').positive('must be above zero').max(MOST, TOO_MUCH).default(8),
  cpus: positiveInteger.default(4),
  disk: z
    .number('must be a number of GiB')
    .int('must be a whole number of GiB')
    .min(0, 'must not be negative')
    .max(MOST, TOO_MUCH)
    .default(0),
  existence: z
    .unknown()
    .default(true)
    .transform((value, context) => {
      try {
        return readExistence(value);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    }),
  metadata: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], 'must be text').transform(String),
      'must be a table',
    )
    .default({}),
  instance_id: z.string('must be text').min(1, 'must not be empty').optional(),
});

const projectSchema = strictTable({
  project_id: z.string('must be text').min(1, 'must not be empty').optional(),
  project_name: z
    .string('must be text')
    .trim()
    .min(1, 'must not be empty')
    .max(64, 'must have at most 64 characters')
    .optional(),
  machines: z.array(machineSchema, 'must be a list of tables, [[…projects.machines]]').default([]),
});

export const profileSchema = z.record(
  z.string(),
  strictTable({
    domain_id: z.string('must be text').min(1, 'must not be empty').optional(),
    projects: z.array(projectSchema, 'must be a list of tables, [[…projects]]').default([]),
  }),
);
type ProfileTables = z.output<typeof profileSchema>;
type ProjectTable = ProfileTables[string]['projects'][number];
type MachineTable = ProjectTable['machines'][number];

/**
 * Reads a profile in the earlier system's format: each top-level table is a domain with its name, `[[NAME.projects]]` and
 * `[[NAME.projects.machines]]`. Throws a `UserError` of one line with the file and the place of the first problem.
 */
export function parseProfile(text: string, file: string): Profile {
  const result = profileSchema.safeParse(parseTables(text, file));
  if (!result.success) throw new UserError(`${file}: ${firstIssue(result.error)}`);
  const profile = assembleProfile(result.data);
  rejectDoubles(profile, file);
  return profile;
}

function parseTables(text: string, file: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    throw error instanceof TomlError ? tomlError(file, error) : error;
  }
}

function assembleProfile(tables: ProfileTables): Profile {
  const profile: Profile = { domains: [], projects: [], machines: [] };
  for (const [name, { domain_id, projects }] of Object.entries(tables)) {
    const domain = { id: domain_id ?? stableId(`domain ${name}`), name };
    profile.domains.push(domain);
    projects.forEach((table, index) => addProject(profile, domain, table, index));
  }
  return profile;
}

function addProject(profile: Profile, domain: Domain, table: ProjectTable, index: number): void {
  const name = table.project_name ?? table.project_id ?? `project-${index + 1}`;
  const id = table.project_id ?? stableId(`project ${domain.name}/${name}`);
  profile.projects.push({ id, name, domainId: domain.id });
  table.machines.forEach((machine, position) =>
    profile.machines.push(assembleMachine(id, machine, position)),
  );
}

/** The identity of a machine without an id is its place in the project's list. */
function assembleMachine(projectId: string, table: MachineTable, index: number): Machine {
  return {
    id: table.instance_id ?? stableUuid(`machine ${projectId} ${index}`),
    name: `machine-${index + 1}`,
    projectId,
    flavor: flavorOf(table),
    existence: table.existence,
    metadata: table.metadata,
  };
}

/** A flavor for each size. Nova's memory is in whole MiB. */
function flavorOf({ cpus, ram, disk }: MachineTable): Flavor {
  const memoryMb = Math.max(1, Math.round(ram * 1024));
  const name = `c${cpus}.m${memoryMb}.d${disk}`;
  return { id: name, name, vcpus: cpus, memoryMb, diskGb: disk, ephemeralGb: 0, extraSpecs: {} };
}

function rejectDoubles({ domains, projects, machines }: Profile, file: string): void {
  const checks: [string, string[]][] = [
    ['domain_id', domains.map(({ id }) => id)],
    ['project_id', projects.map(({ id }) => id)],
    [
      'project_name in one domain',
      projects.map(({ domainId, name }) => `${name.toLowerCase()} of ${domainId}`),
    ],
    ['instance_id', machines.map(({ id }) => id)],
  ];
  for (const [what, values] of checks) {
    const double = values.find((value, index) => values.indexOf(value) !== index);
    if (double !== undefined) throw new UserError(`${file}: ${what} appears twice: ${double}`);
  }
}
