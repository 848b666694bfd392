import type { FastifyReply, FastifyRequest } from 'fastify';

/** HTML of a page. Values of the template are escaped, other parts of pages are not. */
export interface Html {
  html: string;
}

export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  const texts = values.map((value) => (typeof value === 'string' ? escaped(value) : joined(value)));
  return { html: parts.map((part, index) => part + (texts[index] ?? '')).join('') };
}

function joined(value: Html | readonly Html[]): string {
  return 'html' in value ? value.html : value.map((one) => one.html).join('\n');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '');
}

/** Whether a person looks at the answer, and not a program. */
export function wantsPage({ method, headers }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'POST') && headers.accept?.includes('text/html') === true;
}

/** The style of the pages. It is a file of its own, because the security headers allow no style within a page. */
export const STYLE = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif;
  --ground: light-dark(#f4f6f9, #0e1319); --surface: light-dark(#fff, #161d26); --text: light-dark(#17202c, #e5ebf3);
  --line: light-dark(#8491a3, #66758a); --accent: light-dark(#1f4fbf, #8fb3ff); --on-accent: light-dark(#fff, #0e1319) }
body { max-width: 32rem; margin: 10vh auto; padding: 0 1rem; background: var(--ground); color: var(--text) }
main { padding: 1.5rem 2rem 2rem; background: var(--surface); border-radius: .75rem; overflow-wrap: anywhere }
h1 { margin: 0 0 1rem; font-size: 1.5rem }
a { color: var(--accent) }
a.button, button { display: inline-block; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .5rem;
  background: none; color: inherit; font: inherit; text-decoration: none; cursor: pointer }
a.button:first-of-type { border-color: var(--accent); background: var(--accent); color: var(--on-accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
form { margin-top: 1.5rem }
input { display: block; width: 100%; box-sizing: border-box; margin: .5rem 0; padding: .5rem; border: 1px solid var(--line);
  border-radius: .5rem; background: none; color: inherit; font: inherit }
`;

export async function sendPage(
  reply: FastifyReply,
  { status, baseUrl, title, body }: { status: number; baseUrl: string; title: string; body: Html },
): Promise<void> {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} – stackmeter</title>
        <link rel="icon" href="${baseUrl}/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${baseUrl}/sign-in/style.css" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `;
  await reply.code(status).type('text/html; charset=utf-8').send(page.html);
}
