import { novaBadRequest } from './nova-errors.ts';

export interface PageRequest {
  limit: number;
  marker: string | undefined;
}

/** The requested page. Like Nova, uses `maxLimit` for a limit of 0 or a larger limit, without an error. */
export function parsePage(query: URLSearchParams, maxLimit: number): PageRequest {
  const text = query.get('limit') ?? '';
  if (!/^\d*$/.test(text))
    throw novaBadRequest(
      `Invalid input for query parameters limit. Value: ${text}. '${text}' does not match '^[0-9]*$'`,
    );
  return { limit: Math.min(Number(text) || maxLimit, maxLimit), marker: query.get('marker') ?? undefined };
}

/** The query of the link to the next page: the same parameters, with the last element as marker. */
export function nextPageQuery(query: URLSearchParams, marker: string): string {
  const next = new URLSearchParams([...query].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  next.set('marker', marker);
  return next.toString();
}

export function markerNotFound(marker: string) {
  return novaBadRequest(`Marker ${marker} could not be found.`);
}
