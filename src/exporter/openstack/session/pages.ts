import type { z } from 'zod';
import { NotFound, ServiceError } from './service-error.ts';

export interface Page<T> {
  items: readonly T[];
  /** Where the next page begins; undefined on the last. */
  nextMarker: string | undefined;
}

/** Everything, page by page to the end. Throws where the pages have no end. `service` is its name, for messages. */
export async function readPages<T>(
  service: string,
  readPage: (marker: string | undefined) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  const markers = new Set<string>();
  let marker: string | undefined;
  do {
    const page = await readPage(marker).catch((error: unknown) => rejectLostMarker(error, service, marker));
    for (const item of page.items) items.push(item);
    marker = page.nextMarker;
    if (marker === undefined) continue;
    if (markers.has(marker))
      throw new ServiceError(`${service}'s pages go round in circles at marker ${marker}`);
    markers.add(marker);
  } while (marker !== undefined);
  return items;
}

/** What a page began after was deleted meanwhile: that says nothing about the service. */
function rejectLostMarker(error: unknown, service: string, marker: string | undefined): never {
  if (!(error instanceof NotFound) || marker === undefined) throw error;
  throw new ServiceError(`${service} lost the place between two pages`, { cause: error });
}

/** Only the marker is taken from the link to the next page: its host and parameters need not be those that were asked. */
export function nextMarker(
  service: string,
  links: readonly { rel: string; href: string }[] | undefined,
): string | undefined {
  const next = links?.find(({ rel }) => rel === 'next');
  if (next === undefined) return undefined;
  const marker = URL.canParse(next.href, 'http://service')
    ? new URL(next.href, 'http://service').searchParams.get('marker')
    : null;
  if (marker === null || marker === '')
    throw new ServiceError(`${service}'s link to the next page has no marker`);
  return marker;
}

/** The body in its form, or a `ServiceError` that says where it differs. */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? 'unknown' : `${issue.path.join('.')}: ${issue.message}`;
  throw new ServiceError(`${what} has another form: ${where}`);
}
