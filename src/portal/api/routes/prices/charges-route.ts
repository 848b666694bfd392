import { z } from 'zod';
import { billFor } from '../../../accounts/charged-usage.ts';
import { errorAnswer } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { chargesAnswer, chargesText } from '../../shapes/prices/charge-answers.ts';
import { chargeCsv } from '../../shapes/prices/charge-csv.ts';
import { chargeParameters } from '../../shapes/prices/charge-parameters.ts';
import { answersFor } from '../answers-for.ts';
import { goneOf } from '../gone.ts';
import { askedCharges } from './asked-charges.ts';
import { namedBook } from './named-book.ts';

/** What usage costs: by the price books of accounts, or by another one. */
export function chargesRoute(server: ApiServer, parts: ApiParts): void {
  server.get(
    '/api/v1/charges',
    {
      schema: {
        summary:
          'What usage costs, by step, institution, account, grant, site, cloud, project, resource and price',
        querystring: chargeParameters,
        response: {
          200: {
            description: 'The charges; as CSV with format=csv',
            content: { 'application/json': { schema: chargesAnswer }, 'text/csv': { schema: z.string() } },
          },
          default: errorAnswer,
        },
      },
    },
    async (request, reply) => {
      const { book, format, bom, ...parameters } = request.query;
      const { question, books, byAccount, byBook } = await askedCharges(request, parameters, parts);
      const billing = book === undefined ? byAccount() : byBook(namedBook(books, book));
      const bill = await billFor(answersFor(reply, parts), question, billing, goneOf(reply));
      if (format === 'json')
        return reply.type('application/json; charset=utf-8').send(await chargesText(bill));
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', 'attachment; filename="charges.csv"')
        .send(await chargeCsv(bill, { by: question.by, bom: bom === 'true' }));
    },
  );
}
