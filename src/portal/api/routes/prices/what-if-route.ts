import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { billsFor, type ChargeQuestion } from '../../../accounts/charged-usage.ts';
import type { PriceBook } from '../../../accounts/charges/price-book.ts';
import { instantOf, instantText } from '../../../accounts/fields.ts';
import { priceBookDocument } from '../../../accounts/price-books/documents.ts';
import { errorAnswer } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { whatIfCsv } from '../../shapes/prices/charge-csv.ts';
import { publishedWhatIfParameters, whatIfParameters } from '../../shapes/prices/charge-parameters.ts';
import { whatIfAnswer, whatIfText } from '../../shapes/prices/what-if-answers.ts';
import { RequestError } from '../../shapes/request-error.ts';
import { answersFor } from '../answers-for.ts';
import { goneOf } from '../gone.ts';
import { askedCharges, type AskedCharges } from './asked-charges.ts';
import { namedBook } from './named-book.ts';

const PATH = '/api/v1/charges/what-if';

/** A book of 1,000 prices has less. Anyone with a role may send one, and many may wait at once. */
const MOST_BODY_BYTES = 512 * 2 ** 10;

/** Each version is a question to the ledger. */
const MOST_VERSIONS = 50;

const response = {
  200: {
    description: 'Both charges side by side; as CSV with format=csv',
    content: { 'application/json': { schema: whatIfAnswer }, 'text/csv': { schema: z.string() } },
  },
  default: errorAnswer,
};

/** The charges of usage beside those by another book: a published one, or one in the body. */
export function whatIfRoute(server: ApiServer, parts: ApiParts): void {
  server.get(
    PATH,
    {
      schema: {
        summary: 'What usage was charged, and what it would cost by a published price book',
        querystring: publishedWhatIfParameters,
        response,
      },
    },
    async (request, reply) => {
      const { book: name, book_version: place, ...parameters } = request.query;
      const asked = await askedCharges(request, parameters, parts);
      const book = namedBook(asked.books, name);
      const chosen = place === undefined ? book : onlyVersion(book, place, asked.question);
      return await compare(reply, parts, asked, chosen, parameters);
    },
  );
  server.post(
    PATH,
    {
      bodyLimit: MOST_BODY_BYTES,
      schema: {
        summary: 'What usage was charged, and what it would cost by the price book in the body',
        querystring: whatIfParameters,
        body: priceBookDocument,
        response,
      },
    },
    async (request, reply) => {
      const { body, query } = request;
      const asked = await askedCharges(request, query, parts);
      refuseManyVersions(body, asked.question);
      return await compare(reply, parts, asked, body, query);
    },
  );
}

async function compare(
  reply: FastifyReply,
  parts: ApiParts,
  { question, byAccount, byBook }: AskedCharges,
  book: PriceBook,
  { format, bom }: Pick<z.output<typeof whatIfParameters>, 'format' | 'bom'>,
) {
  const billings = [byAccount(), byBook(book)] as const;
  const [charged, whatIf] = await billsFor(answersFor(reply, parts), question, billings, goneOf(reply));
  if (format === 'json')
    return reply.type('application/json; charset=utf-8').send(await whatIfText(charged, whatIf, book));
  return reply
    .type('text/csv; charset=utf-8; header=present')
    .header('content-disposition', 'attachment; filename="what-if.csv"')
    .send(await whatIfCsv(charged, whatIf, { by: question.by, bom: bom === 'true' }));
}

/** The book with one of its versions, which counts for the whole time of the question. */
function onlyVersion(book: PriceBook, place: number, { fromMs }: ChargeQuestion): PriceBook {
  const version = book.version[place - 1];
  if (version === undefined)
    throw new RequestError(`book_version: '${book.name}' has ${book.version.length} versions`);
  const from = instantText(Math.min(fromMs, instantOf(version.from)));
  return { ...book, version: [{ ...version, from }] };
}

function refuseManyVersions({ version }: PriceBook, { fromMs, toMs }: ChargeQuestion): void {
  const within = version.filter(({ from }) => instantOf(from) > fromMs && instantOf(from) < toMs);
  if (within.length > MOST_VERSIONS)
    throw new RequestError(
      `the book has ${within.length} versions that begin in this time, ${MOST_VERSIONS} at most: ask for a shorter time`,
    );
}
