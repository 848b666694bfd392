import type { Period } from '../period.ts';
import { routeAddress } from '../routing.ts';
import { Name } from '../controls/name.tsx';

export function ProjectLink(props: { site: string; projectId: string; name: string; period: Period }) {
  const { site, projectId, name, period } = props;
  return (
    <a href={routeAddress({ page: 'project', site, projectId, period, tablePage: 1 })}>
      <Name text={name} />
    </a>
  );
}
