import { EXPORTER_SETTINGS } from './settings.ts';

const READ = new Set(Object.values(EXPORTER_SETTINGS).flatMap(({ earlierNames }) => earlierNames ?? []));

/** Variables of the earlier system's exporter that are set and that this one does not read, such as those of weights. */
export function unreadEarlierNames(env: Record<string, string | undefined>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('USAGE_EXPORTER_') && env[name] !== '' && !READ.has(name))
    .sort();
}
