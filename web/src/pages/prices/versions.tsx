import { useContext } from 'preact/hooks';
import { Name } from '../../controls/name.tsx';
import { Select } from '../../controls/select.tsx';
import { ApiContext } from '../../live/api-context.ts';
import type { PricesRoute } from '../../routing.ts';
import { replaceRoute } from '../../use-route.ts';
import type { BookRow } from '../usage/charges-data.ts';
import { Instant, RecordTable } from '../usage/record-list.tsx';

/** `2026-01-01`, or with the hour if it is not midnight (UTC). */
function fromWords(from: string): string {
  return from.endsWith('T00:00:00.000Z') ? from.slice(0, 10) : `${from.slice(0, 16).replace('T', ' ')} UTC`;
}

/** The prices of the chosen version, or those that count now. */
export function PresentPrices({ book, route }: { book: BookRow; route: PricesRoute }) {
  const nowMs = useContext(ApiContext).nowMs();
  const { versions } = book;
  const present = versions.findLast(({ from }) => Date.parse(from) <= nowMs) ?? versions[0];
  const shown = versions[(route.version ?? 0) - 1] ?? present;
  return (
    <section class="card" aria-labelledby="prices-heading">
      <div class="card-head">
        <div>
          <h2 id="prices-heading">Prices from {fromWords(shown?.from ?? '')}</h2>
          <p class="under">
            In <Name text={book.unit} />, of an hour. Shown amounts have {book.scale} decimal places, and are
            rounded once ({book.rounding}).
          </p>
        </div>
        <Select
          label="Version"
          options={[
            { value: '', label: 'each at its time' },
            ...versions.map(({ from }, index) => ({
              value: `${index + 1}`,
              label: `${index + 1}, from ${fromWords(from)}`,
            })),
          ]}
          chosen={`${route.version ?? ''}`}
          onChoose={(chosen) => {
            const { version: _, ...others } = route;
            replaceRoute(chosen === '' ? others : { ...others, version: Number(chosen) });
          }}
        />
      </div>
      <RecordTable
        caption="Prices, and what they leave out"
        class="prices-table"
        rows={shown?.prices ?? []}
        columns={[
          ['Price of', ({ price }) => <Name text={price} />],
          ['It costs', ({ words }) => <Name text={words} />],
          ['Left out', ({ limits }) => limits.join(' ')],
        ]}
      />
    </section>
  );
}

/** Who published which version when and why, and what it changes. */
export function Versions({ book: { versions } }: { book: BookRow }) {
  const numbered = versions.map((version, index) => ({ ...version, place: index + 1 }));
  return (
    <section class="card" aria-labelledby="versions-heading">
      <h2 id="versions-heading">Versions</h2>
      <RecordTable
        caption="Versions, the latest first"
        class="versions-table"
        rows={numbered.toReversed()}
        columns={[
          ['From', ({ place, from }) => `${place}, from ${fromWords(from)}`],
          [
            'Published',
            ({ written_at: at, author }) => (
              <>
                <Instant at={at} />
                <span class="under">
                  by <Name text={author} />
                </span>
              </>
            ),
          ],
          ['Reason', ({ reason }) => reason !== null && <Name text={reason} />],
          [
            'Changes from the version before',
            ({ changes }) => (
              <ul class="plain-list">
                {changes.map((change) => (
                  <li key={change}>
                    <Name text={change} />
                  </li>
                ))}
              </ul>
            ),
          ],
        ]}
      />
    </section>
  );
}
