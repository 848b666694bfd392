import { share } from '../format.ts';
import { topRows, type ProjectStack } from './project-usage.ts';
import { periodLabel, type Span } from '../period.ts';
import { resourceLabel } from '../resources.ts';
import type { AmountScale } from '../units.ts';
import { AmountCell } from './amount-cell.tsx';
import { Name } from '../controls/name.tsx';
import { ProjectLink } from './project-link.tsx';
import { Swatch } from '../charts/swatch.tsx';

interface TopTableProps {
  usage: ProjectStack & { span: Span };
  resource: string;
  unit: string;
  scale: AmountScale;
  colours: ReadonlyMap<string, number>;
}

/** The layers of the chart as numbers. The table is also the chart's legend. */
export function TopTable({ usage, resource, unit, scale, colours }: TopTableProps) {
  const rows = topRows(usage);
  const total = rows.reduce((sum, { amount }) => sum + amount, 0);
  return (
    <table class="top-table">
      <caption>
        {resourceLabel(resource)} by project, {periodLabel(usage.span.period)}
      </caption>
      <thead>
        <tr>
          <th scope="col">Project</th>
          <th scope="col" class="amount">
            {scale.unit}
          </th>
          <th scope="col" class="amount">
            Share
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, label, site, projectId, amount }) => (
          <tr key={key}>
            <th scope="row">
              <span class="swatched">
                <Swatch colour={colours.get(key)} />
                <span>
                  {site === undefined || projectId === undefined ? (
                    <Name text={label} />
                  ) : (
                    <ProjectLink site={site} projectId={projectId} name={label} period={usage.span.period} />
                  )}
                  {site !== undefined && <SiteOfProject site={site} />}
                </span>
              </span>
            </th>
            <AmountCell amount={amount} unit={unit} scale={scale} />
            <td class="amount">{share(amount, total)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Total</th>
          <AmountCell amount={total} unit={unit} scale={scale} />
          <td class="amount">{share(total, total)}</td>
        </tr>
      </tfoot>
    </table>
  );
}

function SiteOfProject({ site }: { site: string }) {
  return (
    <small class="under">
      <Name text={site} />
    </small>
  );
}
