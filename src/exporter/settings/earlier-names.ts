import { EXPORTER_SETTINGS } from './settings.ts';

const READ = new Set(Object.values(EXPORTER_SETTINGS).flatMap(({ earlierNames }) => earlierNames ?? []));

/** The set variables of the earlier exporter that this exporter ignores, such as those for weights. */
export function unreadEarlierNames(env: Record<string, string | undefined>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('USAGE_EXPORTER_') && env[name] !== '' && !READ.has(name))
    .sort();
}
