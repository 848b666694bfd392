import { ProjectTable } from '../../tables/project-table.tsx';
import { useState } from 'preact/hooks';
import { largestByResource } from '../../tables/project-usage.ts';
import type { GrantPageData } from '../data/grant-data.ts';
import { SORT_BY_NAME, sortLines } from '../../tables/project-list.ts';
import { periodLabel } from '../../period.ts';

/** The projects of a grant, each with its usage. */
export function GrantProjects({ data }: { data: GrantPageData }) {
  const first = data.resources[0]?.resource;
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const sort = chosen ?? first ?? SORT_BY_NAME;
  return (
    <section class="card" aria-labelledby="projects-heading">
      <h2 id="projects-heading">Projects</h2>
      <ProjectTable
        caption={`Projects of the grant and their usage of ${periodLabel(data.span.period)}`}
        lines={sortLines(data.projects, sort)}
        resources={data.resources.map(({ resource, unit, total }) => ({
          resource,
          unit,
          amount: total,
          coverage: 'none',
        }))}
        resource={sort === SORT_BY_NAME ? first : sort}
        largest={largestByResource(data.projects)}
        sort={sort}
        period={data.span.period}
        onSort={setChosen}
      />
    </section>
  );
}
