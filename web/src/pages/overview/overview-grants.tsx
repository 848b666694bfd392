import { useContext } from 'preact/hooks';
import { AmountCell } from '../../tables/amount-cell.tsx';
import { CoverageMark } from '../../tables/coverage-mark.tsx';
import { Name } from '../../controls/name.tsx';
import { TableScroll } from '../../tables/table-scroll.tsx';
import { worstCoverage } from '../../coverage.ts';
import { MINUTE_MS, plural } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { useLive } from '../../live/use-live.ts';
import { periodLabel, type PeriodName } from '../../period.ts';
import { resourceLabel } from '../../resources.ts';
import { routeAddress } from '../../routing.ts';
import { scaleFor, type AmountScale } from '../../units.ts';
import { sitesOf } from '../data/grant-data.ts';
import { largestByResource } from '../../tables/project-usage.ts';
import { loadGrantUsage, type GrantLine } from '../data/overview-grants-data.ts';

interface Column {
  resource: string;
  unit: string;
  scale: AmountScale;
}

/** The grants with their usage; empty if the configuration has no grants. */
export function OverviewGrants({ period }: { period: PeriodName }) {
  const api = useContext(ApiContext);
  const { data } = useLive(`grants ${period}`, MINUTE_MS, (signal) => loadGrantUsage(api, period, signal));
  if (data === undefined || data.lines.length === 0) return null;
  const largest = largestByResource(data.lines);
  const columns = data.resources.map(({ resource, unit }) => ({
    resource,
    unit,
    scale: scaleFor(unit, largest.get(resource) ?? 0),
  }));
  const caption = `Grants and their usage of the last ${periodLabel(period)}`;
  return (
    <section class="card" aria-labelledby="grants-heading">
      <h2 id="grants-heading">
        Grants <span class="heading-detail">usage of the last {periodLabel(period)}</span>
      </h2>
      <TableScroll label={caption}>
        <table class="grant-table">
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              <th scope="col">Grant</th>
              {columns.map(({ resource, scale }) => (
                <th key={resource} scope="col" class="amount">
                  {resourceLabel(resource)} <span class="unit">{scale.unit}</span>
                </th>
              ))}
              <th scope="col">Coverage</th>
            </tr>
          </thead>
          <tbody>
            {data.lines.map((line) => (
              <GrantTableLine key={line.grant.name} line={line} columns={columns} period={period} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </section>
  );
}

function GrantTableLine(props: { line: GrantLine; columns: readonly Column[]; period: PeriodName }) {
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
