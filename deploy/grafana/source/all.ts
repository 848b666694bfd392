import { federation } from './federation.ts';
import { project } from './project.ts';
import { site } from './site.ts';

/** The dashboards, by path in deploy/grafana/dashboards. A site mounts only the folder `site`. */
export const DASHBOARDS: Readonly<Record<string, object>> = {
  'portal/federation.json': federation,
  'site/site.json': site,
  'site/project.json': project,
};
