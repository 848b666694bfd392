import { useContext, useState } from 'preact/hooks';
import { BalanceTable, UnknownUsage } from '../../tables/balance-table.tsx';
import { Pager } from '../../tables/pager.tsx';
import { pageOf } from '../../tables/project-list.ts';
import { AmountCell } from '../../tables/amount-cell.tsx';
import { CoverageMark } from '../../tables/coverage-mark.tsx';
import { Name } from '../../controls/name.tsx';
import { Waiting } from '../../controls/waiting.tsx';
import { AmountHead, Table } from '../../tables/table.tsx';
import { worstCoverage } from '../../coverage.ts';
import { MINUTE_MS, plural } from '../../format.ts';
import { ApiContext, MeContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { periodKey, periodLabel, type Period } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { readsEverything } from '../../live/roles.ts';
import { routeAddress } from '../../routing.ts';
import { scaleFor, type AmountScale } from '../../units.ts';
import { sitesOf } from '../data/grant-data.ts';
import { largestByResource } from '../../tables/project-usage.ts';
import { loadGrantUsage, type GrantLine, type GrantUsage } from '../data/overview-grants-data.ts';

interface Column {
  resource: string;
  unit: string;
  scale: AmountScale;
}

const PAGE_SIZE = 25;

/** The grants, the most urgent first: what is left of them, and their usage. */
export function OverviewGrants({ period }: { period: Period }) {
  const api = useContext(ApiContext);
  const [wanted, setPage] = useState(1);
  const { data, error } = useLive(`grants ${periodKey(period)}`, MINUTE_MS, (signal) =>
    loadGrantUsage(api, period, signal),
  );
  const shown = pageOf(data?.lines ?? [], wanted, PAGE_SIZE);
  const grants = shown.items
    .map(({ grant }) => grant)
    .filter(({ balances }) => balances !== null && balances.length > 0);
  return (
    <section class="card" aria-labelledby="grants-heading">
      <h2 id="grants-heading">Grants</h2>
      {data === undefined && <Waiting what="the grants" error={error} />}
      {data?.lines.length === 0 && <NoGrants />}
      {grants.length > 0 && (
        <BalanceTable caption="What is left of each grant" grants={grants} period={period} />
      )}
      {shown.items.map(({ grant }) => (
        <UnknownUsage key={grant.name} grant={grant} />
      ))}
      {data !== undefined && data.lines.length > 0 && (
        <UsageTable data={data} lines={shown.items} period={period} />
      )}
      <Pager noun="grants" shown={shown} onPage={setPage} />
    </section>
  );
}

function NoGrants() {
  const me = useContext(MeContext);
  if (me !== undefined && !readsEverything(me)) return <p class="waiting">You see no grants.</p>;
  return (
    <p class="waiting">
      No grants yet. <code>stackmeter portal grants apply FILE</code> adds grants from a file.
    </p>
  );
}

function UsageTable(props: { data: GrantUsage; lines: readonly GrantLine[]; period: Period }) {
  const { data, lines, period } = props;
  const largest = largestByResource(data.lines);
  const columns = data.resources.map(({ resource, unit }) => ({
    resource,
    unit,
    scale: scaleFor(unit, largest.get(resource) ?? 0),
  }));
  const caption = `Grants and their usage of ${periodLabel(period)}`;
  return (
    <>
      <h3>Usage of {periodLabel(period)}</h3>
      <Table caption={caption} class="grant-table">
        <thead>
          <tr>
            <th scope="col">Grant</th>
            {columns.map(({ resource, scale }) => (
              <AmountHead key={resource}>
                {resourceLabel(resource)} <span class="unit">{scale.unit}</span>
              </AmountHead>
            ))}
            <th scope="col">Coverage</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <GrantTableLine key={line.grant.name} line={line} columns={columns} period={period} />
          ))}
        </tbody>
      </Table>
    </>
  );
}

function GrantTableLine(props: { line: GrantLine; columns: readonly Column[]; period: Period }) {
  const { grant, amounts } = props.line;
  const coverage = worstCoverage([...amounts.values()].map((amount) => amount.coverage));
  return (
    <tr>
      <th scope="row">
        <a href={routeAddress({ page: 'grant', name: grant.name, period: props.period, tablePage: 1 })}>
          <Name text={grant.name} />
        </a>
        <small class="under">
          {plural(grant.projects.length, 'project')} at {sitesOf(grant).join(', ')}
        </small>
      </th>
      {props.columns.map(({ resource, unit, scale }) => (
        <AmountCell key={resource} amount={amounts.get(resource)?.amount} unit={unit} scale={scale} />
      ))}
      <td class="coverage-cell">
        {coverage === 'measured' ? 'measured' : <CoverageMark coverage={coverage} />}
      </td>
    </tr>
  );
}
