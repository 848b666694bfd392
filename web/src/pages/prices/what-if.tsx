import { useContext } from 'preact/hooks';
import { AS_CSV } from '../../api.ts';
import { DownloadLink } from '../../controls/download-link.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { decimal, MINUTE_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { boundsOf, fileName, periodLabel, spanOf, stepFor } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { routeAddress, type PricesRoute } from '../../routing.ts';
import { AmountHead, Table } from '../../tables/table.tsx';
import {
  loadWhatIf,
  whatIfAddress,
  type BookRow,
  type WhatIfAnswer,
  type WhatIfQuestion,
} from '../usage/charges-data.ts';
import { FreeUsage, MoneyCell } from '../usage/charge-parts.tsx';

/** What usage was charged, beside what this book would have charged: of a grant by resource, or of all by grant. */
export function WhatIf({ book, route }: { book: BookRow; route: PricesRoute }) {
  const api = useContext(ApiContext);
  const { period, grant, version } = route;
  const nowMs = api.nowMs();
  const question: WhatIfQuestion = {
    ...boundsOf(spanOf(period, stepFor(period, undefined, nowMs), nowMs)),
    ...(grant === undefined ? {} : { grant }),
    by: grant === undefined ? 'grant' : 'resource',
    book: book.name,
    version,
  };
  const { data, error, pending } = useLive(JSON.stringify(question), MINUTE_MS, (signal) =>
    loadWhatIf(api, question, signal),
  );
  const { grant: _, ...all } = route;
  return (
    <section class="card" aria-labelledby="what-if-heading" aria-busy={pending && error === undefined}>
      <div class="card-head">
        <div>
          <h2 id="what-if-heading">
            What if <span class="heading-detail">{periodLabel(period)}</span>
          </h2>
          <p class="under">
            What {grant === undefined ? 'usage' : <Name text={grant} />} was charged, and what it costs by{' '}
            {version === undefined ? 'this book' : `version ${version} of this book`}.{' '}
            {grant !== undefined && <a href={routeAddress(all)}>All usage</a>}
          </p>
        </div>
        <DownloadLink
          address={whatIfAddress(question) + AS_CSV}
          name={fileName('what-if', [grant ?? [], book.name].flat().join('-'), period)}
        />
      </div>
      {data === undefined || (pending && error !== undefined) ? (
        <Waiting what="the charges" error={error} />
      ) : (
        <>
          <Sides answer={data} route={route} />
          <FreeUsage answer={data} />
          <UnusedPrices answer={data} />
        </>
      )}
    </section>
  );
}

type Sums = WhatIfAnswer['totals'];

function Sides({ answer: { data, totals }, route }: { answer: WhatIfAnswer; route: PricesRoute }) {
  if (data.length === 0) return <p class="waiting">Nothing was charged, and nothing would be.</p>;
  const { grant } = route;
  return (
    <Table caption="Both charges side by side" class="what-if-table">
      <thead>
        <tr>
          <th scope="col">{grant === undefined ? 'Grant' : 'Resource'}</th>
          <AmountHead>Charged</AmountHead>
          <AmountHead>What if</AmountHead>
          <AmountHead>Difference</AmountHead>
        </tr>
      </thead>
      <tbody>
        {data.map((row, index) => (
          <tr key={index}>
            <th scope="row">
              {grant !== undefined ? (
                resourceLabel(row.resource ?? '')
              ) : row.grant === null || row.grant === undefined ? (
                'no grant'
              ) : (
                <a href={routeAddress({ ...route, grant: row.grant })}>
                  <Name text={row.grant} />
                </a>
              )}
            </th>
            <SideCells sums={row} />
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Total</th>
          <SideCells sums={totals} />
        </tr>
      </tfoot>
    </Table>
  );
}

function SideCells({ sums: { charged, what_if: whatIf, difference } }: { sums: Sums }) {
  return (
    <>
      <MoneyCell charges={charged} />
      <MoneyCell charges={whatIf === null ? [] : [whatIf]} />
      <td class="amount">{difference === null ? '–' : decimal(difference)}</td>
    </>
  );
}

function UnusedPrices({ answer: { unused_prices: unused } }: { answer: WhatIfAnswer }) {
  if (unused.length === 0) return null;
  // A price may be in several versions of the book.
  const names = [...new Set(unused.map(({ price }) => price))];
  return (
    <p class="coverage-summary">
      Prices that match nothing: <Name text={names.join(', ')} />.
    </p>
  );
}
