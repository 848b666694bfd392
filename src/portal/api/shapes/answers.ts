import { z } from 'zod';

/** The shapes of the API's answers. The OpenAPI document is built from them. */
export const errorAnswer = z
  .object({
    error: z.string(),
    type: z.string().optional(),
    title: z.string().optional(),
    status: z.number().optional(),
    detail: z.string().optional(),
  })
  .meta({
    description:
      'One line that says what is wrong. A question that costs too much is refused as application/problem+json (RFC 9457)',
  });

export function pageOf<T extends z.ZodType>(row: T) {
  return z.object({
    data: z.array(row),
    next: z.string().nullable().meta({ description: 'The `cursor` of the next page; null on the last page' }),
  });
}

export type Page<T> = z.output<ReturnType<typeof pageOf<z.ZodType<T>>>>;

const coverage = z.enum(['measured', 'spread', 'missing']);

export type Coverage = z.output<typeof coverage>;

const instant = z.string().meta({ format: 'date-time' });

export const siteRow = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  first_reading_at: instant.nullable(),
  last_reading_at: instant
    .nullable()
    .meta({ description: 'The last reading of the cloud that was read last' }),
  clouds: z
    .array(
      z.object({
        cloud: z.string().meta({ description: "'' for readings without a cloud" }),
        last_reading_at: instant,
      }),
    )
    .meta({ description: 'The clouds that are not retired, the one with the oldest last reading first' }),
  last_sweep_at: instant.nullable(),
  last_success_at: instant.nullable(),
  last_error: z.string().nullable().meta({
    description:
      'Why the last sweep failed, which series were refused, which cloud had nothing new for longer than an ordinary pause, or that the database node of the site is down; otherwise null',
  }),
  ordinary_pause_seconds: z.number().meta({
    description: 'The longest ordinary pause between two readings. A longer pause is a gap',
  }),
  projects: z.number(),
  meters: z.number(),
  refused_series: z
    .number()
    .nullable()
    .meta({ description: 'Null, like the sweeps, if you may read only projects of grants at the site' }),
  anomalies: z.number().nullable().meta({ description: 'Null where refused_series is' }),
});

export type SiteRow = z.output<typeof siteRow>;

export const projectRow = z.object({
  site: z.string(),
  cloud: z.string().meta({ description: "The label of a site with several clouds; '' at other sites" }),
  project_id: z.string(),
  project_name: z.string(),
  domain_id: z.string(),
  domain_name: z.string(),
  first_reading_at: instant,
  last_reading_at: instant,
});

export type ProjectRow = z.output<typeof projectRow>;

export const coverageRow = z.object({
  site: z.string().optional(),
  cloud: z.string().optional(),
  start: instant.meta({ description: 'Start of the step, UTC' }),
  coverage: coverage.meta({
    description:
      'Measured: between readings. Spread: at least partly in a gap. Missing: due, but no reading reaches it',
  }),
  measured_seconds: z.number().meta({ description: 'The sum over all clouds of the row' }),
  spread_seconds: z.number(),
  reached: z.boolean().meta({
    description:
      'Whether any reading is later than the start of the step. The present hour counts as measured until one is due',
  }),
});

export type CoverageRow = z.output<typeof coverageRow>;

const flavorFacts = z
  .object({
    label: z.string().meta({
      description: 'All facts as one text, which `flavor=` takes',
      examples: ['m1.small/1/2048/20/0/0/0'],
    }),
    name: z.string().nullable(),
    vcpus: z.number().nullable(),
    memory_mb: z.number().nullable().meta({ description: 'MiB' }),
    disk_gb: z.number().nullable().meta({ description: 'GiB of root and ephemeral disk together' }),
    ephemeral_gb: z.number().nullable().meta({ description: 'GiB' }),
    swap_mb: z.number().nullable().meta({ description: 'MiB' }),
    gpus: z
      .record(z.string(), z.number())
      .nullable()
      .meta({ description: 'The number of devices by alias; {} if there are none', examples: [{ a100: 2 }] }),
  })
  .meta({ description: 'The flavor of servers as they were built or last resized. Unknown facts are null' });

export type FlavorRow = z.output<typeof flavorFacts>;

export const usageRow = z.object({
  grant: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'Null for the usage of projects without a grant' }),
  site: z.string().optional(),
  cloud: z
    .string()
    .optional()
    .meta({ description: "The label of a site with several clouds; '' at other sites" }),
  project_id: z.string().optional(),
  project_name: z.string().optional(),
  resource: z.string().optional(),
  flavor: flavorFacts.optional(),
  state: z
    .string()
    .optional()
    .meta({
      description: "The state of servers: Nova's `vm_state`, or `unknown`",
      examples: ['active', 'shelved_offloaded'],
    }),
  start: instant.meta({ description: 'Start of the step, UTC' }),
  amount: z.number(),
  unit: z.string().meta({ examples: ['vCPU-hours'] }),
  coverage: coverage.meta({
    description: 'Whether the usage of the step is measured, spread over a gap, or missing',
  }),
});

export type UsageRow = z.output<typeof usageRow>;
