// The API keeps what its OpenAPI document and docs/api.md say of it.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { exampleOf, type Schema } from '../../src/portal/api/description/schema.ts';
import { textOf } from '../support/api-client.ts';
import { onEmbeddedPostgresql } from '../ledger/fixture.ts';
import { BOOK, documentedPortal } from './documented-portal.ts';

interface Content {
  content?: Record<string, { schema: Schema }>;
}

interface Parameter {
  name: string;
  in: 'query' | 'path';
  required?: boolean;
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

type Portal = Awaited<ReturnType<typeof documentedPortal>>;

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

/** The fault of a value by its schema, in one line; undefined without one. */
function faultOf(schema: Schema | undefined, value: unknown): string | undefined {
  if (schema === undefined) return 'the answer is not described';
  return ajv.validate(schema, value) ? undefined : ajv.errorsText();
}

/** The values that the document names for a parameter. */
function valuesOf({ schema, example, examples = {} }: Parameter): string[] {
  const named = [example, ...Object.values(examples).map(({ value }) => value), ...(schema.enum ?? [])];
  return named.filter((value) => value !== undefined).map(String);
}

interface Question {
  method: string;
  path: string;
  operation: Operation;
}

async function operationsOf({ ask }: Portal): Promise<Question[]> {
  const document = (await (await ask('/api/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** The faults of the examples of an operation by its own schemas. */
function wrongExamples({ method, path, operation: { requestBody = {}, responses } }: Question): string[] {
  const contents = [requestBody, ...Object.values(responses)].flatMap(({ content = {} }) =>
    Object.entries(content),
  );
  return contents.flatMap(([type, { schema }]) => {
    const fault = faultOf(schema, exampleOf(schema));
    return fault === undefined ? [] : [`${method} ${path} ${type}: ${fault}`];
  });
}

/** An address of an operation with these values, and the first example for each part of its path. */
function addressOf(path: string, { parameters = [] }: Operation, query: [string, string][] = []): string {
  const filled = parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce((text, one) => text.replace(`{${one.name}}`, encodeURIComponent(valuesOf(one)[0] ?? 'x')), path);
  return `${filled}?${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** The fault of an answer by the document, with its status; undefined without one. */
async function wrongAnswer({ responses }: Operation, answer: Response): Promise<string | undefined> {
  const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
  const described = (responses[answer.status] ?? responses['default'])?.content?.[type]?.schema;
  const text = await textOf(answer);
  const value: unknown = type.endsWith('json') ? JSON.parse(text) : text;
  const fault = faultOf(described, value);
  const line = (value as { error?: unknown } | null)?.error;
  if (answer.status >= 500 || (answer.status >= 400 && (typeof line !== 'string' || line.includes('\n'))))
    return `${answer.status} ${text}`;
  return fault === undefined ? undefined : `${answer.status} ${type} ${fault}`;
}

onEmbeddedPostgresql('the API', (freshLedger) => {
  it('answers each question of its document with what the document describes, as its examples show', async () => {
    const portal = await documentedPortal(freshLedger);
    const all = await operationsOf(portal);
    const wrong: unknown[] = all.flatMap(wrongExamples);
    for (const { path, operation } of all.filter(({ method }) => method === 'get')) {
      const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
      const single = query.flatMap((one) =>
        valuesOf(one).map((value): [string, string][] => [[one.name, value]]),
      );
      const needed = query.filter((one) => one.required === true);
      const always = needed.map((one): [string, string] => [one.name, valuesOf(one)[0] ?? 'x']);
      for (const value of [[], ...single]) {
        const values = [...always.filter(([name]) => name !== value[0]?.[0]), ...value];
        const address = addressOf(path, operation, values);
        const answer = await portal.ask(address);
        const fault = await wrongAnswer(operation, answer);
        const isThere = answer.status !== 404 || !path.includes('{');
        const isNamed = isThere && needed.every((one) => valuesOf(one).length > 0);
        if (fault !== undefined || (isNamed && answer.status !== 200))
          wrong.push([address, answer.status, fault]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('answers any parameters as its document describes, and never with an internal error', async () => {
    const portal = await documentedPortal(freshLedger);
    const operations = (await operationsOf(portal)).filter(
      ({ method, operation: { parameters = [] } }) => method === 'get' && parameters.length > 0,
    );
    const valueOf = (parameter: Parameter) => {
      const named = valuesOf(parameter);
      const any = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer().map(String));
      return named.length === 0 ? any : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...named) }, any);
    };
    const question = fc.constantFrom(...operations).chain(({ path, operation }) => {
      const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
      const given = fc
        .subarray(query)
        .chain((chosen) => fc.tuple(...chosen.map((one) => fc.tuple(fc.constant(one.name), valueOf(one)))));
      return given.map((values) => ({ operation, address: addressOf(path, operation, wellFormed(values)) }));
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ operation, address }) => {
        expect(await wrongAnswer(operation, await portal.ask(address))).toBeUndefined();
      }),
      { numRuns: 100, seed: 20_261_001 },
    );
  });

  it('answers the examples of docs/api.md, whose JSON is as its document describes', async () => {
    const portal = await documentedPortal(freshLedger);
    const operations = await operationsOf(portal);
    const examples = documentedExamples();
    expect(examples.length).toBeGreaterThan(5);
    for (const { command, json } of examples) {
      const { address, options } = requestOf(command);
      const answer = await portal.ask(address, options);
      expect([command, answer.status < 300]).toEqual([command, true]);
      if (json === undefined || command.includes('format=csv')) continue;
      const faults = schemasOf(operations, address).map((schema) => faultOf(schema, JSON.parse(json)));
      expect([command, faults.includes(undefined) ? [] : faults]).toEqual([command, []]);
    }
  });
});

/** The schemas of an answer, and of a row in it: docs show one or the other. */
function schemasOf(operations: readonly Question[], address: string): Schema[] {
  const [path = ''] = address.split('?');
  const found = operations.find(
    (one) => one.method === 'get' && new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const schema = found?.operation.responses['200']?.content?.['application/json']?.schema;
  const row = schema?.properties?.['data']?.items;
  return [schema, row].filter((one) => one !== undefined);
}

/** A lone surrogate cannot stand in an address. */
function wellFormed(values: readonly (readonly [string, string])[]): [string, string][] {
  return values.map(([name, value]) => [name, value.replaceAll(/\p{Surrogate}/gu, '?')]);
}

/** The commands of docs/api.md, each with the JSON that follows in its section. */
function documentedExamples(): { command: string; json: string | undefined }[] {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  return page.split(/^##+ /m).flatMap((section) => {
    const [, json] = /```json\n([^]*?)```/.exec(section) ?? [];
    const commands = section.replaceAll(/\\\n\s*/g, '').match(/(?<=^ {4})curl .*$/gm) ?? [];
    return commands.map((command) => ({ command, json }));
  });
}

/** The request that a command of curl sends. */
function requestOf(command: string): { address: string; options: RequestInit } {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const after = (flag: string) =>
    words.flatMap((word, index) => (word === flag ? [words[index + 1] ?? ''] : []));
  const url = new URL(words.find((word) => word.startsWith('http')) ?? '');
  const [method = 'GET'] = after('-X');
  const [body] = after('-d').map((text) => (text === '@book.json' ? JSON.stringify(BOOK) : text));
  const headers = after('-H').map((header) => header.split(/: (.*)/, 2) as [string, string]);
  return {
    address: url.pathname + url.search,
    options: { method, headers: Object.fromEntries(headers), ...(body === undefined ? {} : { body }) },
  };
}
