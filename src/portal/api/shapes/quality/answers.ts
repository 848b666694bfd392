import { z } from 'zod';
import { usageRow } from '../answers.ts';

const instant = z.string().meta({ format: 'date-time' });

const meterPlace = z.object({
  site: z.string(),
  cloud: z.string(),
  project_id: z.string(),
  project_name: z.string().meta({ description: 'The name of the project at the end of the hour' }),
  resource: z.string(),
  flavor: usageRow.shape.flavor,
  state: usageRow.shape.state,
  start: instant.meta({ description: 'Start of the hour, UTC' }),
});

const amount = z.number().nullable();

export const correctionRow = meterPlace.extend({
  before: amount.meta({
    description: 'What the hour added up to, in `unit`; null where hours are no longer kept',
  }),
  after: amount,
  spread_before: amount.meta({ description: 'The part that was spread over a gap' }),
  spread_after: amount,
  unit: z.string(),
  reason: z.string(),
  at: instant.meta({ description: 'When the portal learned it' }),
});

export type CorrectionRow = z.output<typeof correctionRow>;

export const anomalyRow = meterPlace.extend({
  kind: z.string().meta({ examples: ['total-fell', 'epoch-changed'] }),
  reason: z.string().meta({ description: 'The kind in words' }),
  count: z.number(),
  correction: z.number().meta({ description: 'How far the total moved without being usage, in `unit`' }),
  unit: z.string(),
  last_at: instant,
});

export type AnomalyRow = z.output<typeof anomalyRow>;

export const refusalRow = z.object({
  site: z.string(),
  reason: z.string(),
  first_at: instant,
  last_at: instant,
  series: z.number().meta({ description: 'In all sweeps since the first one' }),
  last_series: z.number().meta({ description: 'In the last sweep with such series' }),
  example: z.string(),
});

export type RefusalRow = z.output<typeof refusalRow>;

export const sweepRow = z.object({
  site: z.string(),
  outcome: z.enum(['ok', 'refused', 'failed']).meta({
    description: 'All counted; some series refused; or nothing read',
  }),
  from: instant.meta({ description: 'The first sweep that ended in this way' }),
  to: instant.meta({ description: 'The last one, before a sweep that ended in another way' }),
  sweeps: z.number(),
  error: z.string().nullable().meta({ description: 'Of the last sweep' }),
});

export type SweepRow = z.output<typeof sweepRow>;
