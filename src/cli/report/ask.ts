import type { CoverageRow, SiteRow, UsageRow } from '../../portal/api/shapes/answers.ts';
import { UserError } from '../../runtime/user-error.ts';
import { firstReadings, linesOf, notesOn, sumsOf, type Place, type Report } from './figures.ts';
import { dateIn, periodBefore, readPeriod, yearBefore, yearsOf, type Period } from './period.ts';
import type { PortalClient } from './portal-client.ts';

export const FILTERS = ['grant', 'site', 'project', 'resource'] as const;

/** The question of a report, in the words of the API. */
export interface Question extends Partial<Record<(typeof FILTERS)[number], string[]>> {
  portal: string;
  by: string;
  step: string;
  tz: string;
  compare?: keyof typeof COMPARED;
}

export const COMPARED = { before: periodBefore, year: yearBefore };

/** Asks a portal for the usage and the coverage of a period. Throws `UserError`. */
export async function reportOf(client: PortalClient, text: string, question: Question): Promise<Report> {
  const { portal, tz, by, step, compare } = question;
  if (compare !== undefined && step !== 'total') throw new UserError('--compare: leave out --step');
  const today = todayIn(tz);
  const period = readPeriod(text, today);
  const before = compare === undefined ? undefined : COMPARED[compare](period);
  const asked = filtersOf(question);
  const places = before === undefined ? [] : placesBeside(by);
  const all = [by, ...places].join(',');
  const usage = async ({ from, to }: Period) =>
    await client.rows<UsageRow>('api/v1/usage', withMore(asked, { from, to, by: all, step, limit: '50000' }));
  const rows = await usage(period);
  const lines = linesOf(rows, before === undefined ? undefined : await usage(before), places);
  asked.delete('resource');
  const known = await Promise.all(
    [period, before ?? []]
      .flat()
      .map(async (one) => ({ period: one, ...(await coverageOf(client, asked, one)) })),
  );
  const sites = await client.rows<SiteRow>('api/v1/sites', new URLSearchParams());
  return {
    portal,
    madeAt: new Date().toISOString(),
    timeZone: tz,
    step,
    period,
    before,
    keys: Object.keys(lines[0]?.keys ?? {}).filter((key) => step !== 'total' || key !== 'start'),
    lines,
    sums: sumsOf(lines),
    notes: [
      ...known.flatMap((one) => notesOn({ ...one, today, timeZone: tz }, one.total, one.missingDays)),
      ...firstReadings(sites, known, tz),
    ],
  };
}

/** A project or domain of two sites or clouds has two rows, which need their places to find their own earlier rows. */
function placesBeside(by: string): Place[] {
  const keys = by.split(',');
  if (!keys.includes('project') && !keys.includes('domain')) return [];
  return (['site', 'cloud'] as const).filter((place) => !keys.includes(place));
}

/** The coverage of the period, and of its days with missing hours. The API answers at most a year at once. */
async function coverageOf(
  client: PortalClient,
  asked: URLSearchParams,
  period: Period,
): Promise<{ total: CoverageRow[]; missingDays: CoverageRow[] }> {
  const rows = async (step: string) => {
    const years = yearsOf(period).map(
      async (year) =>
        await client.rows<CoverageRow>('api/v1/coverage', withMore(asked, { ...year, step, limit: '10000' })),
    );
    return (await Promise.all(years)).flat();
  };
  const isMissing = ({ coverage }: CoverageRow) => coverage === 'missing';
  const total = await rows('total');
  return { total, missingDays: total.some(isMissing) ? (await rows('day')).filter(isMissing) : [] };
}

function filtersOf(question: Question): URLSearchParams {
  const parameters = new URLSearchParams({ tz: question.tz });
  for (const name of FILTERS) for (const value of question[name] ?? []) parameters.append(name, value);
  return parameters;
}

function withMore(asked: URLSearchParams, more: Record<string, string>): URLSearchParams {
  const parameters = new URLSearchParams(asked);
  for (const [name, value] of Object.entries(more)) parameters.set(name, value);
  return parameters;
}

function todayIn(timeZone: string): string {
  try {
    return dateIn(timeZone, Date.now());
  } catch (error) {
    throw new UserError(`--tz: there is no time zone '${timeZone}'; names are such as Europe/Berlin`, {
      cause: error,
    });
  }
}
