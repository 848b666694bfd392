/** The arguments of a quote. Each reader throws a `UserError` that does not name the argument. */
import type { z } from 'zod';
import { scaled } from '../charges/fraction.ts';
import { hourField } from '../fields.ts';
import { decimalField } from '../price-books/fields.ts';
import { stateName } from '../price-books/documents.ts';
import { flavorOfLabel, type FlavorFacts } from '../../../prometheus/flavor-facts.ts';
import { firstIssue } from '../../../runtime/settings/strict-table.ts';
import { UserError } from '../../../runtime/user-error.ts';

/** Servers of one flavor in one state. */
export interface Servers {
  /** As server hours have it. */
  label: string;
  flavor: FlavorFacts;
  state: string;
  count: number;
}

/** An amount of a resource that is no part of a server. */
export interface Amount {
  resource: string;
  amount: number;
}

const SERVERS = /^(.+?)(?::([a-z_-]+))?(?:\s*[×x*]\s*([1-9]\d{0,6}))?$/;
const FIELDS_OF_LABEL = 7;

/** `NAME/VCPUS/MIB[/GIB/EPHEMERAL/SWAP/GPUS][:STATE][×COUNT]`; what is left out is 0, active and 1. */
export function readServers(text: string): Servers {
  const [, facts = '', state = 'active', count = '1'] = SERVERS.exec(text.trim()) ?? [];
  const fields = facts.split('/');
  const missing = fields.length < 3 ? 0 : Math.max(0, FIELDS_OF_LABEL - fields.length);
  const label = [...fields, ...Array<string>(missing).fill('0')].join('/');
  const flavor = flavorOfLabel(label);
  if (flavor === undefined)
    throw new UserError(
      'write NAME/VCPUS/MIB, such as m1.small/1/2048, then /GIB/EPHEMERAL/SWAP/GPUS, :STATE and ×COUNT as far as needed',
    );
  return { label, flavor, state: parsed(stateName, state), count: Number(count) };
}

/** `volume_gb=500` */
export function readAmount(text: string): Amount {
  const [, resource, amount] = /^([a-z0-9][a-z0-9_]{0,62})=([1-9]\d{0,14})$/.exec(text) ?? [];
  if (resource === undefined) throw new UserError('write RESOURCE=AMOUNT, such as volume_gb=500');
  return { resource, amount: Number(amount) };
}

const HOUR_PLACES = 5;
const MS_PER_HUNDRED_THOUSANDTH = 36n;

/** Whole milliseconds. */
export function readHours(text: string): bigint {
  return scaled(readDecimal(text, HOUR_PLACES), HOUR_PLACES) * MS_PER_HUNDRED_THOUSANDTH;
}

/** A positive decimal in its one form. */
export function readDecimal(text: string, places: number): string {
  const decimal = parsed(decimalField(places, ''), text);
  if (decimal === '0') throw new UserError('must be more than 0');
  return decimal;
}

/** Unix milliseconds. */
export function readInstant(text: string): number {
  return Date.parse(parsed(hourField, text));
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new UserError(firstIssue(result.error));
}
