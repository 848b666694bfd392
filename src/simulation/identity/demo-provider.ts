import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { closeServer, formatAddress, listen, type ListenAddress } from '../../runtime/http/listen.ts';
import { DEMO_PEOPLE } from './demo-people.ts';

/** The portal as the provider knows it. The secret protects nothing: the provider signs in anyone on this machine. */
export const DEMO_CLIENT = { clientId: 'stackmeter', clientSecret: 'the-secret-of-the-demo' };

/** The identity provider of the demo: a page with a button for each person. */
export class DemoProvider {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #answer: RequestListener = (_request, response) => void response.writeHead(503).end();
  #issuer = '';

  get issuer(): string {
    return this.#issuer;
  }

  /** Listens, so that the issuer is known. */
  async listen(address: ListenAddress): Promise<void> {
    this.#issuer = `http://${formatAddress(await listen(this.#server, address))}`;
  }

  /** Signs people in for the portal with this address, from now on. */
  async serve(redirectUri: string): Promise<void> {
    const handle = await withoutWarnings(async () => {
      // Loaded here, so that no other command waits for its libraries.
      const { createOpenIdProvider, newSigningKey } = await import('./open-id-provider.ts');
      return createOpenIdProvider({
        issuer: this.issuer,
        ...DEMO_CLIENT,
        redirectUris: [redirectUri],
        key: newSigningKey(),
        groupsOf: (sub) => DEMO_PEOPLE.find((person) => person.sub === sub)?.groups ?? [],
        signIn: choose,
      });
    });
    this.#answer = (request, response) => void handle(request, response);
  }

  async close(): Promise<void> {
    await closeServer(this.#server, 0);
  }
}

/** The library warns of its store in memory, which a demo wants, and of a Node.js that is no late LTS version. */
async function withoutWarnings<T>(work: () => Promise<T>): Promise<T> {
  const { console } = globalThis;
  const before = Object.getOwnPropertyDescriptor(console, 'warn');
  Object.assign(console, { warn: () => undefined });
  try {
    return await work();
  } finally {
    if (before !== undefined) Object.defineProperty(console, 'warn', before);
  }
}

/** Asks who signs in, and reads the answer. */
async function choose(request: IncomingMessage, response: ServerResponse): Promise<string | undefined> {
  const chosen =
    request.method === 'POST' ? new URLSearchParams(await text(request)).get('person') : undefined;
  const person = DEMO_PEOPLE.find(({ sub }) => sub === chosen);
  if (person !== undefined) return person.sub;
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page());
  return undefined;
}

function page(): string {
  const buttons = DEMO_PEOPLE.map(
    ({ sub, name, what }) =>
      `<button name="person" value="${sub}"><strong>${name}</strong><br />${what}</button>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>Identity provider of the demo</title>
<link rel="icon" href="data:," />
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 32rem; margin: 3rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem }
button { display: block; width: 100%; margin: .75rem 0; padding: .75rem 1rem; border: 1px solid; border-radius: .5rem;
  background: none; color: inherit; font: inherit; text-align: start; cursor: pointer }
button:hover { background: color-mix(in srgb, currentcolor 8%, transparent) }
</style>
</head>
<body>
<main>
<h1>Who are you?</h1>
<p>This is the identity provider of the demo. Nobody here has a password.</p>
<form method="post">
${buttons.join('\n')}
</form>
</main>
</body>
</html>
`;
}
