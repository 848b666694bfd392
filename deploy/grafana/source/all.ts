import { federation } from './federation.ts';
import { project } from './project.ts';
import { site } from './site.ts';

/** By path in deploy/grafana/dashboards: a site mounts the folder `site` alone. */
export const DASHBOARDS: Readonly<Record<string, object>> = {
  'portal/federation.json': federation,
  'site/site.json': site,
  'site/project.json': project,
};
