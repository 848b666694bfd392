import type { AuditRowAnswer, Me, NewToken, TokenRow } from '../../src/portal/api/shapes/access-answers.ts';
import type {
  CoverageRow,
  Page,
  ProjectRow,
  ProjectUsageAnswer,
  SiteRow,
  UsageRow,
} from '../../src/portal/api/shapes/answers.ts';
import type { GrantDetail, GrantRow } from '../../src/portal/api/shapes/grant-answers.ts';
import type { UsageDimension, UsageStep } from '../../src/portal/api/shapes/usage-parameters.ts';
import { isoInstant } from './format.ts';
import { UTC } from './periods/zone.ts';

export type {
  Coverage,
  CoverageRow,
  FlavorRow,
  ProjectRow,
  ProjectUsageAnswer,
  SiteRow,
  UsageRow,
} from '../../src/portal/api/shapes/answers.ts';

export type {
  AuditRowAnswer as AuditRow,
  Me,
  NewToken,
  TokenRow,
} from '../../src/portal/api/shapes/access-answers.ts';

export type { GrantDetail, GrantRow } from '../../src/portal/api/shapes/grant-answers.ts';

/** A question to `/api/v1/usage`. Times are whole hours in Unix milliseconds; `toMs` is exclusive. */
export interface UsageQuestion {
  fromMs: number;
  toMs: number;
  /** The zone at whose midnight days and longer steps begin. */
  zone: string;
  step: UsageStep;
  by: readonly UsageDimension[];
  site?: string;
  /** An id, or several. */
  projectId?: string | readonly string[];
  resource?: string;
  grant?: string;
}

/** A question to `/api/v1/coverage`: about all clouds of all sites, or those where the site, project or grant has usage. */
export type CoverageQuestion = Pick<
  UsageQuestion,
  'fromMs' | 'toMs' | 'zone' | 'step' | 'site' | 'projectId' | 'grant'
>;

/** A question to `/api/v1/usage/projects`. */
export interface ProjectUsageQuestion extends Pick<UsageQuestion, 'fromMs' | 'toMs'> {
  search?: string;
  /** A resource, or `name`. */
  sort: string;
  offset?: number;
  limit: number;
  /** How many seconds the sums may be old. */
  maxAge: number;
}

export interface ProjectsQuestion {
  site?: string;
  grant?: string;
  search?: string;
  history?: 'true';
  renamed?: 'true';
}

/** A refusal of the portal. `message` is the portal's own text. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** The portal's limits of rows in one answer. It sums each page of usage by itself. */
const LARGEST_PAGE = '10000';
const LARGEST_USAGE_PAGE = '50000';

/** People open the file in a spreadsheet, and some need the byte order mark to detect UTF-8. */
export const AS_CSV = '&format=csv&bom=true';

/** The URL of a usage answer, relative to the page. */
export function usageAddress(question: UsageQuestion, format: 'json' | 'csv'): string {
  const parameters = stepParameters(question, question.by);
  if (question.resource !== undefined) parameters.set('resource', question.resource);
  if (format === 'json') parameters.set('limit', LARGEST_USAGE_PAGE);
  return `api/v1/usage?${parameters}${format === 'csv' ? AS_CSV : ''}`;
}

export function stepParameters(
  { fromMs, toMs, zone, step, site, projectId, grant }: CoverageQuestion,
  by: readonly string[],
): URLSearchParams {
  const parameters = new URLSearchParams({
    from: isoInstant(fromMs),
    to: isoInstant(toMs),
    step,
    by: by.join(','),
  });
  // Sums of days are those of UTC: without a zone, the portal needs no hours for them.
  if (zone !== UTC) parameters.set('tz', zone);
  if (site !== undefined) parameters.set('site', site);
  for (const id of [projectId ?? []].flat()) parameters.append('project', id);
  if (grant !== undefined) parameters.set('grant', grant);
  return parameters;
}

/** The part of `fetch` that the pages use. */
export type Fetch = (address: string, options: RequestInit) => Promise<Response>;

/** Reads the portal's API. Every method throws `ApiError`, or a `TypeError` if `fetch` cannot reach the portal. */
export class Api {
  readonly #fetch: Fetch;
  readonly #nowMs: () => number;
  readonly #onSignedOut: () => void;
  #offsetMs = 0;

  /** @param onSignedOut called when the portal answers that nobody is signed in. */
  constructor(fetchAnswer: Fetch, nowMs: () => number, onSignedOut: () => void = () => undefined) {
    this.#fetch = fetchAnswer;
    this.#nowMs = nowMs;
    this.#onSignedOut = onSignedOut;
  }

  /** The portal's time, known after its first answer. The clock of the reader's computer may be wrong. */
  nowMs(): number {
    return this.#nowMs() + this.#offsetMs;
  }

  sites(signal: AbortSignal): Promise<SiteRow[]> {
    return this.#everyPage('api/v1/sites', signal);
  }

  projects(question: ProjectsQuestion, signal: AbortSignal): Promise<ProjectRow[]> {
    const parameters = new URLSearchParams({ ...question, limit: LARGEST_PAGE });
    return this.#everyPage(`api/v1/projects?${parameters}`, signal);
  }

  grants(signal: AbortSignal): Promise<GrantRow[]> {
    return this.#everyPage('api/v1/grants', signal);
  }

  grant(name: string, signal: AbortSignal): Promise<GrantDetail> {
    return this.#get(`api/v1/grants/${encodeURIComponent(name)}`, signal);
  }

  usage(question: UsageQuestion, signal: AbortSignal): Promise<UsageRow[]> {
    return this.#everyPage(usageAddress(question, 'json'), signal);
  }

  /** Some projects with their usage. */
  projectUsage(question: ProjectUsageQuestion, signal: AbortSignal): Promise<ProjectUsageAnswer> {
    const { fromMs, toMs, search = '', sort, offset = 0, limit, maxAge } = question;
    const parameters = new URLSearchParams({
      from: isoInstant(fromMs),
      to: isoInstant(toMs),
      search,
      sort,
      offset: String(offset),
      limit: String(limit),
      max_age: String(maxAge),
    });
    return this.#get(`api/v1/usage/projects?${parameters}`, signal);
  }

  /** The coverage of each step that the portal knows. */
  coverage(question: CoverageQuestion, signal: AbortSignal): Promise<CoverageRow[]> {
    const parameters = stepParameters(question, []);
    parameters.set('limit', LARGEST_PAGE);
    return this.#everyPage(`api/v1/coverage?${parameters}`, signal);
  }

  me(signal: AbortSignal): Promise<Me> {
    return this.#get('api/v1/me', signal);
  }

  tokens(signal: AbortSignal): Promise<TokenRow[]> {
    return this.#everyPage('api/v1/tokens', signal);
  }

  /** Makes a token; its secret is in this answer only. */
  async createToken(token: NewToken): Promise<{ id: string; token: string }> {
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const answer = await this.#ask('api/v1/tokens', {
      method: 'POST',
      headers,
      body: JSON.stringify(token),
    });
    return (await answer.json()) as { id: string; token: string };
  }

  async revokeToken(id: string): Promise<void> {
    await this.#ask(`api/v1/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  /** The first page of the list at an address. */
  firstPage(address: string, signal: AbortSignal): Promise<Page<unknown>> {
    return this.#get(address, signal);
  }

  /** One page of the audit: the newest rows, or those after a cursor. */
  audit(cursor: string | undefined, signal: AbortSignal): Promise<Page<AuditRowAnswer>> {
    const address = 'api/v1/audit?limit=50';
    return this.#get(cursor === undefined ? address : withCursor(address, cursor), signal);
  }

  /** Follows the cursors to the end, because a page shows a whole list or none. */
  async #everyPage<T>(address: string, signal: AbortSignal): Promise<T[]> {
    const rows: T[] = [];
    let next: string | null = null;
    do {
      const page: Page<T> = await this.#get(next === null ? address : withCursor(address, next), signal);
      if (page.next !== null && page.next === next)
        throw new Error(`the portal repeats a page of ${address}`);
      for (const row of page.data) rows.push(row);
      next = page.next;
    } while (next !== null);
    return rows;
  }

  async #get<T>(address: string, signal: AbortSignal): Promise<T> {
    const answer = await this.#ask(address, { signal, headers: { accept: 'application/json' } });
    this.#offsetMs = clockOffsetMs(answer.headers.get('date'), this.#nowMs());
    return (await answer.json().catch((error: unknown) => {
      if (!(error instanceof SyntaxError)) throw error;
      throw new Error('something between this browser and the portal answered in its place');
    })) as T;
  }

  async #ask(address: string, options: RequestInit): Promise<Response> {
    const answer = await this.#fetch(address, options);
    if (answer.status === 401) this.#onSignedOut();
    if (!answer.ok) throw new ApiError(answer.status, await refusal(answer));
    return answer;
  }
}

function withCursor(address: string, cursor: string): string {
  return `${address}${address.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
}

/** How far the portal's clock is ahead of ours. A Date header has whole seconds, so a small difference counts as none. */
export function clockOffsetMs(dateHeader: string | null, nowMs: number): number {
  const offsetMs = dateHeader === null ? 0 : Date.parse(dateHeader) - nowMs;
  return Math.abs(offsetMs) > 5_000 ? offsetMs : 0;
}

async function refusal(answer: Response): Promise<string> {
  const body: unknown = await answer.json().catch(() => null);
  if (typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string')
    return body.error;
  return `the portal answered ${answer.status}`;
}
