import type { z } from 'zod';
import { NotFound, ServiceError } from './service-error.ts';

export interface Page<T> {
  items: readonly T[];
  /** The start of the next page; undefined on the last page. */
  nextMarker: string | undefined;
}

/** Reads all pages. Throws `ServiceError` if the pages have no end. `service` is the service's name, for messages. */
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
    if (markers.has(marker)) throw new ServiceError(`${service}'s pages repeat from marker ${marker} on`);
    markers.add(marker);
  } while (marker !== undefined);
  return items;
}

/** 404 for a marker means that the marked item was deleted meanwhile. It does not mean that the service is missing. */
function rejectLostMarker(error: unknown, service: string, marker: string | undefined): never {
  if (!(error instanceof NotFound) || marker === undefined) throw error;
  throw new ServiceError(`${service} lost its position between two pages`, { cause: error });
}

/**
 * The marker in the link to the next page. The rest of the link is ignored: its host and parameters may differ from the
 * request.
 */
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

/** The parsed body. Throws `ServiceError` that names the first difference. */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? 'unknown' : `${issue.path.join('.')}: ${issue.message}`;
  throw new ServiceError(`${what} is not in the expected form: ${where}`);
}
