import { Name } from '../../controls/name.tsx';
import { LAST_24_HOURS } from '../../period.ts';
import { ProjectLink } from '../../tables/project-link.tsx';
import type { Renaming } from '../data/renamings.ts';
import { Instant, RecordTable } from '../usage/record-list.tsx';

/** The latest changes of names and domains of projects. */
export function Renamings({ renamings }: { renamings: readonly Renaming[] }) {
  return (
    <section class="card" aria-labelledby="names-heading">
      <h2 id="names-heading">Names that changed</h2>
      <RecordTable
        caption="Names that changed, the latest first"
        class="names-table"
        rows={renamings}
        columns={[
          ['Seen', ({ after }) => <Instant at={after.from} />],
          ['Before', ({ before }) => <Names names={before} />],
          ['After', ({ after }) => <Names names={after} />],
          [
            'Project',
            ({ project: { site, project_id: projectId } }) => (
              <ProjectLink site={site} projectId={projectId} name={projectId} period={LAST_24_HOURS} />
            ),
          ],
        ]}
      />
    </section>
  );
}

function Names({ names }: { names: Renaming['before'] }) {
  return (
    <>
      <Name text={names.project_name} /> in <Name text={names.domain_name} />
    </>
  );
}
