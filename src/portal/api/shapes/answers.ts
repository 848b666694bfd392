import { z } from 'zod';

/** The shapes of the API's answers. The OpenAPI document is built from them. */
const errorShape = z.object({
  error: z.string().meta({
    description: 'One line that says what is wrong',
    examples: ['limit: must be a number from 1 to 50000'],
  }),
});

const problemShape = z.object({
  type: z.literal('about:blank'),
  title: z.string().meta({ examples: ['Not allowed'] }),
  status: z.number().meta({ examples: [403] }),
  detail: z.string().meta({ examples: ['only an operator may do this'] }),
  error: z.string().meta({ description: 'The detail again', examples: ['only an operator may do this'] }),
});

/** The error of a request, with RFC 9457 where programs have to tell refusals apart. */
export const errorAnswer = {
  description: 'A request that cannot be answered',
  content: {
    'application/json': { schema: errorShape },
    'application/problem+json': { schema: problemShape },
  },
};

/** An answer that people and probes read. */
export function textAnswer(description: string) {
  return { description, content: { 'text/plain': { schema: z.string().meta({ description }) } } };
}

export function pageOf<T extends z.ZodType>(row: T) {
  return z.object({
    data: z.array(row),
    next: z.string().nullable().meta({ description: 'The `cursor` of the next page; null on the last page' }),
  });
}

export type Page<T> = z.output<ReturnType<typeof pageOf<z.ZodType<T>>>>;

const coverage = z.enum(['measured', 'spread', 'missing']);

export type Coverage = z.output<typeof coverage>;

const instant = z.string().meta({ format: 'date-time', examples: ['2026-10-01T00:00:00.000Z'] });
const site = z.string().meta({ examples: ['site-a'] });
const projectId = z.string().meta({ examples: ['0f6c4a1e'] });
const projectName = z.string().meta({ examples: ['climate'] });
const cloudLabel = z
  .string()
  .meta({ description: "The label of a site with several clouds; '' at other sites", examples: [''] });
const count = (example: number) => z.number().meta({ examples: [example] });

export const siteRow = z.object({
  name: site,
  labels: z.record(z.string(), z.string()).meta({ examples: [{ country: 'de' }] }),
  declared: z.boolean().meta({
    examples: [true],
    description:
      'Whether the configuration of a portal that runs has the site. The usage of others stays, such as that of removed sites',
  }),
  first_reading_at: instant.nullable(),
  last_reading_at: instant
    .nullable()
    .meta({ description: 'The last reading of the cloud that was read last' }),
  clouds: z
    .array(
      z.object({
        cloud: z.string().meta({ description: "'' for readings without a cloud", examples: [''] }),
        last_reading_at: instant,
      }),
    )
    .meta({ description: 'The clouds that are not retired, the one with the oldest last reading first' }),
  last_sweep_at: instant.nullable(),
  last_success_at: instant.nullable(),
  last_error: z
    .string()
    .nullable()
    .meta({
      examples: [null],
      description:
        'Why the last sweep failed, which series were refused, which cloud had nothing new for longer than an ordinary pause, or that the database node of the site is down; otherwise null',
    }),
  ordinary_pause_seconds: z.number().meta({
    examples: [900],
    description: 'The longest ordinary pause between two readings. A longer pause is a gap',
  }),
  exporter_versions: z
    .array(z.string())
    .optional()
    .meta({
      description: 'The versions that the exporters of the site stated last, if they state some',
      examples: [['0.1.0']],
    }),
  projects: count(12),
  meters: count(60),
  refused_series: count(0)
    .nullable()
    .meta({ description: 'Null, like the sweeps, if you may read only projects of grants at the site' }),
  anomalies: count(0).nullable().meta({ description: 'Null where refused_series is' }),
});

export type SiteRow = z.output<typeof siteRow>;

export const projectRow = z.object({
  site,
  cloud: cloudLabel,
  project_id: projectId,
  project_name: projectName,
  domain_id: z.string().meta({ examples: ['default'] }),
  domain_name: z.string().meta({ examples: ['Default'] }),
  first_reading_at: instant,
  last_reading_at: instant,
  names: z
    .array(
      z.object({
        project_name: z.string(),
        domain_name: z.string(),
        from: instant.meta({ description: 'The first reading with these names' }),
        to: instant
          .nullable()
          .meta({ description: 'The first reading with others; null for the latest names' }),
      }),
    )
    .optional()
    .meta({ description: 'With `history=true`: all names over time, the first ones first' }),
});

export type ProjectRow = z.output<typeof projectRow>;

export const coverageRow = z.object({
  site: site.optional(),
  cloud: cloudLabel.optional(),
  start: instant.meta({ description: 'Start of the step, UTC' }),
  coverage: coverage.meta({
    description:
      'Measured: between readings. Spread: at least partly in a gap. Missing: due, but no reading reaches it',
  }),
  measured_seconds: count(3600).meta({ description: 'The sum over all clouds of the row' }),
  spread_seconds: count(0),
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
    name: z
      .string()
      .nullable()
      .meta({ examples: ['m1.small'] }),
    vcpus: count(1).nullable(),
    memory_mb: count(2048).nullable().meta({ description: 'MiB' }),
    disk_gb: count(20).nullable().meta({ description: 'GiB of root and ephemeral disk together' }),
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
  institution: z
    .string()
    .nullable()
    .optional()
    .meta({
      description: 'That of the account, or the account itself if it names none; null where account is',
      examples: ['Universität Gießen'],
    }),
  account: z
    .string()
    .nullable()
    .optional()
    .meta({
      description: 'Null for usage without a grant, and of grants without an account',
      examples: ['university'],
    }),
  grant: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'Null for the usage of projects without a grant', examples: ['climate'] }),
  site: site.optional(),
  cloud: cloudLabel.optional(),
  domain_id: z
    .string()
    .optional()
    .meta({ description: 'The domain of Keystone that the projects are in', examples: ['default'] }),
  domain_name: z
    .string()
    .optional()
    .meta({ description: 'Its latest name', examples: ['Default'] }),
  project_id: projectId.optional(),
  project_name: projectName.optional(),
  resource: z
    .string()
    .optional()
    .meta({ examples: ['vcpu'] }),
  flavor: flavorFacts.optional(),
  state: z
    .string()
    .optional()
    .meta({
      description: "The state of servers: Nova's `vm_state`, or `unknown`",
      examples: ['active', 'shelved_offloaded'],
    }),
  start: instant.meta({ description: 'Start of the step, UTC' }),
  amount: z.number().meta({ description: 'Amount × hours', examples: [45300.5] }),
  unit: z.string().meta({ examples: ['vCPU-hours'] }),
  coverage: coverage.meta({
    description: 'Whether the usage of the step is measured, spread over a gap, or missing',
  }),
});

export type UsageRow = z.output<typeof usageRow>;

export const projectUsageAnswer = z.object({
  data: z.array(
    projectRow
      .pick({ site: true, project_id: true, project_name: true, domain_id: true, domain_name: true })
      .extend({
        amounts: z.record(z.string(), z.number()).meta({
          description: 'Amount × hours of each resource with usage',
          examples: [{ vcpu: 48, mb: 98304 }],
        }),
        coverage: coverage.nullable().meta({ description: 'The worst of its usage; null without usage' }),
      }),
  ),
  found: z.number().meta({ description: 'The number of projects that the search found, on all pages' }),
  resources: z
    .array(
      z.object({
        resource: z.string(),
        unit: z.string().meta({ examples: ['vCPU-hours'] }),
        amount: z.number(),
        largest: z.number().meta({ description: 'The largest amount of one project' }),
        coverage,
      }),
    )
    .meta({ description: 'The usage of all projects together, also of those that the search did not find' }),
  as_of: instant.meta({
    description: 'When the portal asked for these sums. They have all readings from before',
  }),
});

export type ProjectUsageAnswer = z.output<typeof projectUsageAnswer>;
