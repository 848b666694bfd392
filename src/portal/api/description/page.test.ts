import { expect, it } from 'vitest';
import { pageOfApi } from './page.ts';

it('shows each route with its parameters, body and answers, and runs no script', () => {
  const text = (description: string) => ({ schema: { type: 'string', description } });
  const page = pageOfApi({
    info: { title: 'portal', version: '1.2.3' },
    paths: {
      '/api/v1/usage': {
        get: {
          summary: 'Usage <script>alert(1)</script>',
          parameters: [
            { name: 'site', in: 'query', required: true, description: 'Only it', example: 'site-a' },
          ],
          responses: { 200: { description: 'Rows', content: { 'text/csv': text('') } }, default: {} },
        },
        put: { requestBody: { content: { 'application/json': { schema: { properties: { name: {} } } } } } },
      },
    },
  });
  for (const part of [
    '<code>GET /api/v1/usage</code>',
    '<code>PUT /api/v1/usage</code>',
    '<code>site</code> anything, required',
    '<code>site-a</code>',
    'Answer 200 <code>text/csv</code>',
    'Body <code>application/json</code>',
    '<h3>Errors</h3>',
    'Version 1.2.3',
  ])
    expect(page).toContain(part);
  expect(page).not.toMatch(/<script|style=|https?:\/\//);
});
