import { useContext } from 'preact/hooks';
import { ConnectionNotice } from '../../controls/connection-notice.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { MINUTE_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { routeAddress, type PricesRoute } from '../../routing.ts';
import { replaceRoute } from '../../use-route.ts';
import { loadBooks, type BookRow } from '../usage/charges-data.ts';
import { PageTitle } from '../usage/page-title.tsx';
import { PeriodControls } from '../usage/period-controls.tsx';
import { RecordTable } from '../usage/record-list.tsx';
import { PresentPrices, Versions } from './versions.tsx';
import { WhatIf } from './what-if.tsx';

const TITLE = 'Price books';

/** The price books that somebody may read, or one of them. */
export function PricesPage({ route }: { route: PricesRoute }) {
  const api = useContext(ApiContext);
  const books = useLive('price books', MINUTE_MS, (signal) => loadBooks(api, signal));
  const { name, period } = route;
  const all = { address: routeAddress({ page: 'prices', period }), title: TITLE };
  return (
    <>
      <PageTitle title={name ?? TITLE} above={name === undefined ? undefined : all}>
        {name !== undefined && (
          <div class="controls">
            <PeriodControls
              period={period}
              onChoose={(chosen) => replaceRoute({ ...route, period: chosen })}
              compares={false}
            />
          </div>
        )}
      </PageTitle>
      <ConnectionNotice states={[books]} />
      {books.data === undefined ? (
        <Waiting what="the price books" error={books.error} class="card" />
      ) : name === undefined ? (
        <BookList books={books.data} route={route} />
      ) : (
        <Book book={books.data.find((one) => one.name === name)} route={route} />
      )}
    </>
  );
}

function BookList({ books, route }: { books: readonly BookRow[]; route: PricesRoute }) {
  if (books.length === 0) return <p class="card waiting">There is no price book that you may read.</p>;
  return (
    <div class="card">
      <RecordTable
        caption="Price books"
        class="prices-table"
        rows={books}
        columns={[
          [
            'Price book',
            ({ name }) => (
              <a href={routeAddress({ ...route, name })}>
                <Name text={name} />
              </a>
            ),
          ],
          ['Unit', ({ unit }) => <Name text={unit} />],
          ['Versions', ({ versions }) => versions.length, 'amount'],
        ]}
      />
    </div>
  );
}

function Book({ book, route }: { book: BookRow | undefined; route: PricesRoute }) {
  if (book === undefined)
    return (
      <section class="card empty">
        <h2>This price book is not known</h2>
        <p>The portal has no such price book, or you may not read it.</p>
      </section>
    );
  return (
    <>
      <PresentPrices book={book} route={route} />
      <WhatIf book={book} route={route} />
      <Versions book={book} />
    </>
  );
}
