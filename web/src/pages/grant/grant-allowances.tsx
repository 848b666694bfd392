import { useContext } from 'preact/hooks';
import type { GrantDetail } from '../../api.ts';
import { AllowanceChart } from '../../charts/allowance-chart.tsx';
import { Swatch } from '../../charts/swatch.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { exact, MINUTE_MS, monthAndYear } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { rateWords } from '../../balances.ts';
import { resourceLabel } from '../../resources.ts';
import { AmountCell } from '../../tables/amount-cell.tsx';
import { BalanceTable, UnknownUsage } from '../../tables/balance-table.tsx';
import { AmountHead, Table } from '../../tables/table.tsx';
import { scaleFor } from '../../units.ts';
import { loadAllowances, type AllowanceCourse } from '../data/allowance-data.ts';
import { RecordTable, type Column } from '../usage/record-list.tsx';

/** The balance of each allowance, and its use over time. */
export function GrantAllowances({ grant }: { grant: GrantDetail }) {
  const { balances } = grant;
  const api = useContext(ApiContext);
  const { data, error } = useLive(`${grant.name}\n${grant.version}`, MINUTE_MS, (signal) =>
    loadAllowances(api, grant, signal),
  );
  if (balances === null) return null;
  return (
    <>
      <section class="card" aria-labelledby="left-heading">
        <h2 id="left-heading">What is left</h2>
        <Left grant={grant} />
        {balances.map((balance) => {
          const words = rateWords(balance);
          return (
            words !== undefined && (
              <p key={balance.resource} class="coverage-summary">
                {resourceLabel(balance.resource)}: {words}.
              </p>
            )
          );
        })}
      </section>
      {data === undefined && balances.length > 0 && (
        <Waiting what="the usage by month" error={error} class="card" />
      )}
      {data !== undefined && data.length > 0 && (
        <div class="chart-grid">
          {data.map((course) => (
            <CourseChart key={course.balance.resource} course={course} />
          ))}
        </div>
      )}
    </>
  );
}

function Left({ grant }: { grant: GrantDetail }) {
  if (grant.unknown !== null) return <UnknownUsage grant={grant} />;
  if (grant.balances !== null && grant.balances.length > 0)
    return <BalanceTable caption="What is left of each allowance" grants={[grant]} />;
  return (
    <p class="waiting">
      This grant has no allowance, so nothing can run out. A file for{' '}
      <code>stackmeter portal grants apply FILE</code> gives it one.
    </p>
  );
}

function CourseChart({ course }: { course: AllowanceCourse }) {
  const { resource, unit } = course.balance;
  const largest = Math.max(...course.granted.map(({ amount }) => amount), course.balance.used);
  const scale = scaleFor(unit, largest);
  const label = resourceLabel(resource);
  return (
    <figure class="card">
      <figcaption>
        <strong>{label} so far</strong> {scale.unit}{' '}
        <span class="chart-words">
          <Swatch colour={1} /> used <Swatch colour={2} /> granted
        </span>
      </figcaption>
      <AllowanceChart
        picture={{ ...course, scale }}
        label={`Chart: ${label} used so far, with the allowance as a line. Its numbers are in the table that follows.`}
      />
      <details>
        <summary>Numbers by month and site</summary>
        <MonthTable course={course} />
      </details>
    </figure>
  );
}

function MonthTable({ course: { months, balance, used, granted } }: { course: AllowanceCourse }) {
  const { unit, resource } = balance;
  const sites = [...new Set(months.flatMap((month) => [...month.sites.keys()]))].sort();
  const scale = scaleFor(unit, Math.max(balance.used, balance.granted));
  const caption = `${resourceLabel(resource)} by month and site`;
  let soFar = used[0]?.amount ?? 0;
  const lines = months.map((month) => ({ ...month, soFar: (soFar += month.amount) }));
  return (
    <Table caption={caption}>
      <thead>
        <tr>
          <th scope="col">Month (UTC)</th>
          {sites.map((site) => (
            <AmountHead key={site}>
              <Name text={site} />
            </AmountHead>
          ))}
          <AmountHead>All sites</AmountHead>
          <AmountHead>So far</AmountHead>
          <AmountHead>Granted by then</AmountHead>
        </tr>
      </thead>
      <tbody>
        {lines.toReversed().map((month) => (
          <tr key={month.startMs}>
            <th scope="row">{monthAndYear(month.startMs)}</th>
            {sites.map((site) => (
              <AmountCell key={site} amount={month.sites.get(site)} unit={unit} scale={scale} />
            ))}
            <AmountCell amount={month.amount} unit={unit} scale={scale} />
            <AmountCell amount={month.soFar} unit={unit} scale={scale} />
            <AmountCell amount={grantedIn(month.startMs, granted)} unit={unit} scale={scale} />
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** The allowance at the end of a month. */
function grantedIn(startMs: number, granted: AllowanceCourse['granted']): number | undefined {
  const start = new Date(startMs);
  const endMs = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1);
  return granted.findLast(({ atMs }) => atMs < endMs)?.amount;
}

const AMENDMENT_COLUMNS: readonly Column<NonNullable<GrantDetail['allowances']>[number]>[] = [
  ['Counts from', ({ at }) => <time dateTime={at}>{hourOf(at)}</time>],
  ['Kind', ({ kind }) => kind],
  [
    'Amount',
    ({ kind, amount, unit }) => (
      <>
        {kind === 'cut' ? '−' : '+'}
        {exact(Number(amount))} <span class="unit">{unit}</span>
      </>
    ),
    'amount',
  ],
  ['Reason', ({ reason }) => <Name text={reason} />],
  [
    'Written by',
    ({ author, written_at: at }) => (
      <>
        <Name text={author} />
        <small class="under">{hourOf(at)}</small>
      </>
    ),
  ],
];

/** Who changed the allowances, when and why; the newest amendment first. */
export function GrantAmendments({ grant: { allowances } }: { grant: GrantDetail }) {
  if (allowances === null || allowances.length === 0) return null;
  return (
    <section class="card" aria-labelledby="amendments-heading">
      <h2 id="amendments-heading">Amendments</h2>
      <RecordTable
        caption="Amendments of the allowances, the newest first"
        class="amendments-table"
        columns={AMENDMENT_COLUMNS}
        rows={allowances.toReversed()}
      />
    </section>
  );
}

/** `2026-11-22`, with the time if it is not midnight. */
function hourOf(at: string): string {
  return at.slice(0, 16).replace('T00:00', '').replace('T', ' ');
}
