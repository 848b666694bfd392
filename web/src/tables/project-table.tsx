import { SORT_BY_NAME, type ProjectLine } from './project-list.ts';
import type { ResourceTotal } from './project-usage.ts';
import type { Period } from '../period.ts';
import { resourceLabel } from '../resources.ts';
import { scaleFor, type AmountScale } from '../units.ts';
import { worstCoverage } from '../coverage.ts';
import { AmountCell } from './amount-cell.tsx';
import { CoverageMark } from './coverage-mark.tsx';
import { Name } from '../controls/name.tsx';
import { ProjectLink } from './project-link.tsx';
import { SortHeader } from './sort-header.tsx';
import { Table } from './table.tsx';

interface ProjectTableProps {
  caption: string;
  lines: readonly ProjectLine[];
  resources: readonly ResourceTotal[];
  /** The resource that narrow screens show. */
  resource: string | undefined;
  /** The largest amount of each resource in the whole list. It decides the unit of the column. */
  largest: ReadonlyMap<string, number>;
  sort: string;
  period: Period;
  onSort: (sort: string) => void;
}

interface Column {
  resource: string;
  unit: string;
  scale: AmountScale;
  class: string;
}

export function ProjectTable(props: ProjectTableProps) {
  const columns = columnsOf(props);
  return (
    <Table caption={props.caption} class="project-table">
      <thead>
        <tr>
          <SortHeader column={SORT_BY_NAME} sort={props.sort} direction="ascending" onSort={props.onSort}>
            Project
          </SortHeader>
          <th scope="col" class="where-roomy">
            Site
          </th>
          <th scope="col" class="where-roomy">
            Domain
          </th>
          {columns.map(({ resource, scale, class: name }) => (
            <SortHeader
              key={resource}
              column={resource}
              sort={props.sort}
              direction="descending"
              onSort={props.onSort}
              class={`amount ${name}`}
            >
              {resourceLabel(resource)} <span class="unit">{scale.unit}</span>
            </SortHeader>
          ))}
          <th scope="col" class="where-roomy">
            Coverage
          </th>
        </tr>
      </thead>
      <tbody>
        {props.lines.map((line) => (
          <ProjectTableLine key={line.key} line={line} columns={columns} period={props.period} />
        ))}
      </tbody>
    </Table>
  );
}

function columnsOf({ resources, resource: chosen, largest }: ProjectTableProps): Column[] {
  return resources.map(({ resource, unit }) => ({
    resource,
    unit,
    scale: scaleFor(unit, largest.get(resource) ?? 0),
    class: resource === chosen ? '' : 'where-roomy',
  }));
}

function ProjectTableLine({
  line,
  columns,
  period,
}: {
  line: ProjectLine;
  columns: Column[];
  period: Period;
}) {
  const coverage = worstCoverage([...line.amounts.values()].map((amount) => amount.coverage));
  return (
    <tr>
      <th scope="row">
        <ProjectLink site={line.site} projectId={line.projectId} name={line.projectName} period={period} />
        <small class="under project-id">{line.projectId}</small>
        <small class="under where-narrow">
          <Name text={line.site} /> <CoverageMark coverage={coverage} />
        </small>
      </th>
      <td class="where-roomy">
        <Name text={line.site} />
      </td>
      <td class="where-roomy">
        <Name text={line.domainName} />
      </td>
      {columns.map(({ resource, unit, scale, class: name }) => (
        <AmountCell
          key={resource}
          amount={line.amounts.get(resource)?.amount}
          unit={unit}
          scale={scale}
          class={name}
        />
      ))}
      <td class="where-roomy coverage-cell">
        {coverage === 'measured' ? 'measured' : <CoverageMark coverage={coverage} />}
      </td>
    </tr>
  );
}
