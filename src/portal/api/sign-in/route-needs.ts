/**
 * What a route asks of the sender of a request: nothing; a sign-in, for routes about the sender only; a role, for routes
 * whose answers are cut to the sender's scope; the right to read everything; or the right to change things.
 */
export type Need = 'nothing' | 'a sign-in' | 'a role' | 'everything' | 'an operator';

/** The needs of all routes. A route that is not here is refused to everyone. */
const NEEDS: Readonly<Record<string, Need>> = {
  'GET /': 'nothing',
  'GET /healthz': 'nothing',
  'GET /readyz': 'nothing',
  // Senders have tokens of their own.
  'POST /api/v1/write': 'nothing',
  'GET /sign-in': 'nothing',
  'GET /sign-in/style.css': 'nothing',
  'GET /sign-in/to/:provider': 'nothing',
  'GET /sign-in/callback/:provider': 'nothing',
  'POST /sign-in/token': 'nothing',

  'POST /sign-out': 'a sign-in',
  'GET /invitation/:secret': 'a sign-in',
  'POST /invitation/:secret': 'a sign-in',
  'GET /api/v1/me': 'a sign-in',
  'GET /api/v1/tokens': 'a sign-in',
  'POST /api/v1/tokens': 'a sign-in',
  'DELETE /api/v1/tokens/:id': 'a sign-in',

  'GET /*': 'a role',
  'GET /api': 'a role',
  'GET /api/': 'a role',
  'GET /api/style.css': 'a role',
  'GET /api/openapi.json': 'a role',
  'GET /api/v1/sites': 'a role',
  'GET /api/v1/projects': 'a role',
  'GET /api/v1/usage': 'a role',
  'GET /api/v1/usage/projects': 'a role',
  'GET /api/v1/coverage': 'a role',
  'GET /api/v1/events': 'a role',
  'GET /api/v1/grants': 'a role',
  'GET /api/v1/grants/:name': 'a role',
  'GET /api/v1/grants/:name/history': 'a role',
  'GET /api/v1/corrections': 'a role',
  'GET /api/v1/anomalies': 'a role',
  'GET /api/v1/refusals': 'a role',
  'GET /api/v1/sweeps': 'a role',
  'GET /api/v1/accounts': 'a role',
  'GET /api/v1/charges': 'a role',
  'GET /api/v1/charges/what-if': 'a role',
  'POST /api/v1/charges/what-if': 'a role',
  'GET /api/v1/quote': 'a role',
  'GET /api/v1/marks': 'a role',
  'GET /api/v1/marks/:name/history': 'a role',
  'GET /api/v1/price-books': 'a role',
  'GET /api/v1/price-books/:name': 'a role',
  'GET /api/v1/price-books/:name/history': 'a role',

  'GET /metrics': 'everything',
  'GET /api/v1/audit': 'everything',

  'PUT /api/v1/grants/:name': 'an operator',
  'DELETE /api/v1/grants/:name': 'an operator',
  'PUT /api/v1/accounts/:name': 'an operator',
  'DELETE /api/v1/accounts/:name': 'an operator',
  'PUT /api/v1/marks/:name': 'an operator',
  'DELETE /api/v1/marks/:name': 'an operator',
  'PUT /api/v1/price-books/:name': 'an operator',
  'DELETE /api/v1/price-books/:name': 'an operator',
  'GET /api/v1/grants-file': 'an operator',
  'POST /api/v1/grants-file': 'an operator',
  'DELETE /api/v1/people/:id': 'an operator',
  'POST /api/v1/people/:id/invitation': 'an operator',
};

/** Files of the pages: they hold no data, and know the place to come back to after the sign-in. */
const OPEN_FILES = /^\/(?:(?:index\.html)?|assets\/.*|favicon\.svg)$/;

/** The need of a route; of a path without a route, a sign-in: nobody else hears what there is. Undefined refuses everyone. */
export function needOf(method: string, route: string | undefined, path: string): Need | undefined {
  if (route === undefined) return 'a sign-in';
  if (route === '/*' && OPEN_FILES.test(path)) return 'nothing';
  return NEEDS[`${method === 'HEAD' ? 'GET' : method} ${route}`];
}
