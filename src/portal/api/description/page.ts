import { html, type Html } from '../sign-in/html.ts';
import { exampleOf, fieldsOf, wordsOf, type Schema } from './schema.ts';

interface Content {
  content?: Readonly<Record<string, { schema?: Schema }>>;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
  example?: unknown;
  examples?: Readonly<Record<string, { value: unknown }>>;
}

interface Operation {
  summary?: string;
  description?: string;
  parameters?: readonly Parameter[];
  requestBody?: Content;
  responses?: Readonly<Record<string, Content & { description?: string }>>;
}

/** The part of an OpenAPI document that the page shows. */
export interface ApiDocument {
  info: { title: string; version: string; description?: string };
  paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** The OpenAPI document as a page without scripts. Addresses are relative: a proxy may serve the portal below a prefix. */
export function pageOfApi({ info, paths = {} }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationPart(method, path, operation)),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>API – ${info.title}</title>
        <link rel="icon" href="../favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="style.css" />
      </head>
      <body>
        <main>
          <h1>API of the ${info.title}</h1>
          <p>
            Version ${info.version}. ${info.description ?? ''} For programs:
            <a href="openapi.json">openapi.json</a>. <a href="../">To the pages</a>
          </p>
          ${operations}
        </main>
      </body>
    </html> `.html;
}

function operationPart(method: string, path: string, operation: Operation): Html {
  const { summary = '', description = '', parameters = [], requestBody, responses = {} } = operation;
  return html`<details>
    <summary>
      <h2><code>${method.toUpperCase()} ${path}</code></h2>
      ${summary}
    </summary>
    <p>${description}</p>
    ${parameters.length === 0 ? [] : [parameterList(parameters)]}
    ${Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => contentPart('Body', type, schema))}
    ${Object.entries(responses).map(([status, answer]) => answerPart(status, answer))}
  </details>`;
}

function parameterList(parameters: readonly Parameter[]): Html {
  return html`<h3>Parameters</h3>
    <dl>${parameters.map(parameterItem)}</dl>`;
}

function parameterItem({ name, schema = {}, required, description = '', ...given }: Parameter): Html {
  const examples = [given.example, ...Object.values(given.examples ?? {}).map(({ value }) => value)]
    .filter((one) => one !== undefined)
    .map((one) => html` <code>${textOf(one)}</code>`);
  return html`<dt><code>${name}</code> ${wordsOf(schema)}${required === true ? ', required' : ''}</dt>
    <dd>
      ${description}${schema.default === undefined ? '' : ` (default: ${textOf(schema.default)})`}
      ${examples.length === 0 ? [] : [html`<br />Such as`, ...examples]}
    </dd>`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function answerPart(
  status: string,
  { description = '', content = {} }: Content & { description?: string },
): Html {
  const title = status === 'default' ? 'Errors' : `Answer ${status}`;
  const parts = Object.entries(content).map(([type, { schema }]) => contentPart(title, type, schema));
  const said = description === 'Default Response' ? [] : [html`<p>${description}</p>`];
  return html`${parts.length === 0 ? [html`<h3>${title}</h3>`] : parts} ${said}`;
}

function contentPart(title: string, type: string, schema: Schema = {}): Html {
  const fields = fieldsOf(schema);
  const example = [html`<pre tabindex="0">${JSON.stringify(exampleOf(schema), undefined, 2)}</pre>`];
  return html`<h3>${title} <code>${type}</code></h3>
    ${fields.length === 0 ? [html`<p>${wordsOf(schema)}</p>`] : [fieldList(fields), ...example]}`;
}

function fieldList(fields: ReturnType<typeof fieldsOf>): Html {
  return html`<ul>
    ${fields.map(([name, schema, required]) => {
      const inner = fieldsOf(schema);
      return html`<li>
        <code>${name}</code> ${wordsOf(schema)}${required ? '' : ', optional'}${
          schema.description === undefined ? '' : `: ${schema.description}`
        }
        ${inner.length === 0 ? [] : [fieldList(inner)]}
      </li>`;
    })}
  </ul>`;
}
