import { z } from 'zod';
import { PLACES } from '../../../accounts/charges/units.ts';
import {
  readAmount,
  readDecimal,
  readHours,
  readInstant,
  readServers,
} from '../../../accounts/quotes/arguments.ts';
import { UserError } from '../../../../runtime/user-error.ts';
import { parameterTable, textParameter } from '../parameters.ts';

const LONGEST = 2_000;
const MOST = 100;

const text = z.string({ error: 'may be given once' }).max(LONGEST, `is longer than ${LONGEST} characters`);

function read<T>(reader: (written: string) => T) {
  return (written: string, context: z.RefinementCtx): T => {
    try {
      return reader(written);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  };
}

function one<T>(reader: (written: string) => T, description: string) {
  return text.transform(read(reader)).optional().meta({ description });
}

function several<T>(reader: (written: string) => T, description: string) {
  return z
    .union([z.array(text).max(MOST), text])
    .optional()
    .transform((given, context) => [given ?? []].flat().map((written) => read(reader)(written, context)))
    .meta({ description: `${description}. May be given several times` });
}

export const quoteParameters = parameterTable({
  book: text.meta({ description: 'Name of the price book' }),
  at: one(readInstant, 'Takes the prices of this date. Default: now'),
  site: textParameter('Takes the prices of this site. Default: those for all sites'),
  server: several(
    readServers,
    'Servers: `NAME/VCPUS/MIB`, then `/GIB/EPHEMERAL/SWAP/GPUS`, `:STATE` and `×COUNT` as far as needed',
  ),
  resource: several(readAmount, 'Another resource, such as `volume_gb=500`'),
  hours: one(readHours, 'How long: asks what it costs'),
  amount: one(
    (written) => readDecimal(written, PLACES.price),
    'In the unit of the book: asks how long it lasts',
  ),
  format: z
    .enum(['json', 'csv'], { error: 'must be json or csv' })
    .default('json')
    .meta({ description: 'How to answer' }),
});

const line = z.looseObject({ resource: z.string(), amount_hours: z.string() });

export const quoteAnswer = z.object({
  price_book: z.string(),
  from: z.string(),
  unit: z.string(),
  hours: z.string(),
  lines: z.array(line),
  total: z.string(),
  total_exact: z.string().meta({ description: 'A fraction in lowest terms' }),
  unpriced: z.array(line),
  unused_prices: z.array(z.string()),
  amount: z.string().optional(),
  lasts_hours: z.string().optional().meta({ description: 'How long the amount lasts, rounded down' }),
  lasts_hours_exact: z.string().optional(),
});
