/**
 * An attempt to get more than usage from a site: the bytes that a client sends, one character for each byte.
 * `{TOKEN}` stands for a valid token. The gate must forward no attack.
 */
export interface Attack {
  class: string;
  name: string;
  /** The gain of a successful attack. */
  reaches: string;
  bytes: string;
  /** How many proper requests a gate may find in the bytes, and answer like proper requests. */
  proper?: number;
}

/** The earlier system's query, in the form that Prometheus and a stackmeter portal send. */
export const USAGE_QUERY =
  'match%5B%5D=%7Bjob%3D%22project_usages%22%2C__name__%3D~%22project_.%2A_usage%22%7D';
export const USAGE = '{job="project_usages",__name__=~"project_.*_usage"}';
export const ALL = 'everything that Prometheus has';
export const API = "Prometheus' API";

/** Tokens that the gate knows but must not accept here: expired, for another address, or for another certificate. */
export const BARRED = {
  expired: 'swordfish-of-yesterday',
  elsewhere: 'swordfish-of-203.0.113.7',
  certified: 'swordfish-of-a-certificate',
};

type Row = readonly [name: string, reaches: string, what: string];

export function attacks(
  name: string,
  rows: readonly Row[],
  bytesOf: (what: string) => string,
  proper = 0,
): Attack[] {
  return rows.map(([title, reaches, what]) => ({
    class: name,
    name: title,
    reaches,
    bytes: bytesOf(what),
    proper,
  }));
}

export const match = (selector: string) => `match[]=${encodeURIComponent(selector)}`;

/** A request with a valid token. */
export function request(line: string, headers = '', body = ''): string {
  return `${line}\r\nHost: gate\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n${headers}\r\n${body}`;
}

export const get = (target: string) => request(`GET ${target} HTTP/1.1`);
export const federate = (query: string) => get(`/federate?${query}`);

/** A proper request without its end: headers may follow. */
export const proper = `GET /federate?${USAGE_QUERY} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {TOKEN}\r\n`;

/** A request without a token, unless the headers have one. */
export const withoutToken = (headers: string) =>
  `GET /federate?${USAGE_QUERY} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n${headers}\r\n`;
