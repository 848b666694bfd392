import { endOf, type ServerLife } from '../../src/simulation/model/server-life.ts';
import { lifeIndex } from '../../src/simulation/model/life-index.ts';
import { serverHoursTruth, type StateTruth } from '../support/server-hours-truth.ts';
import { usageTruth, type UsageTruth } from '../../src/simulation/model/truth.ts';

/** `server` is the sum of server hours over flavors and states. */
export type Resource = keyof UsageTruth | 'server';

/** The true usage of projects, in amount × milliseconds. */
export interface Truth {
  usage(project: string, resource: Resource, fromMs: number, toMs: number): bigint;
  serverHours(project: string, fromMs: number, toMs: number): StateTruth[];
  /**
   * The largest possible error of the usage before an instant, if only the totals of two instants around it are known,
   * these are at most `apartMs` apart, and the usage between them is spread evenly.
   *
   * Usage at an even rate has no error. A rate that changes by one at the distance `d` from the instant makes an error of
   * a × b / (a + b + d) for readings at a before and b after: at most (apartMs - d)² / (4 × apartMs).
   */
  blur(project: string, resource: Resource, atMs: number, apartMs: number): number;
}

export function truthOf(servers: readonly ServerLife[]): Truth {
  const livesTouching = lifeIndex(servers);
  const answers = new Map<string, Map<string, UsageTruth>>();
  const usageOfAll = (fromMs: number, toMs: number) => {
    const key = `${fromMs} ${toMs}`;
    const answer = answers.get(key) ?? usageTruth({ livesTouching }, fromMs, toMs);
    answers.set(key, answer);
    return answer;
  };
  return {
    usage: (project, resource, fromMs, toMs) =>
      usageOfAll(fromMs, toMs).get(project)?.[totalOf(resource)] ?? 0n,
    serverHours: (project, fromMs, toMs) =>
      serverHoursTruth({ livesTouching }, fromMs, toMs).filter(({ projectId }) => projectId === project),
    blur: (project, resource, atMs, apartMs) => {
      const near = livesTouching(atMs - apartMs, atMs + apartMs).filter((life) => life.projectId === project);
      return near
        .flatMap((life) => changesOf(life, resource))
        .map(({ changedMs, by }) => ({ away: apartMs - Math.abs(changedMs - atMs), by }))
        .filter(({ away }) => away > 0)
        .reduce((sum, { away, by }) => sum + (Math.abs(by) * away * away) / (4 * apartMs), 0);
    },
  };
}

/** A server counts in all its states. */
function totalOf(resource: Resource): keyof UsageTruth {
  return resource === 'server' ? 'instance' : resource;
}

/** The instants at which a server changes its project's rate of usage, and the changes. */
function changesOf(life: ServerLife, resource: Resource): { changedMs: number; by: number }[] {
  const stops = life.launches.map(({ atMs }) => atMs);
  const rates = life.launches.map(({ flavor }) =>
    Number(
      usageTruth({ livesTouching: () => [oneMillisecondOf(life, flavor)] }, 0, 1).get('')?.[
        totalOf(resource)
      ] ?? 0n,
    ),
  );
  const changes = stops.map((changedMs, index) => ({
    changedMs,
    by: (rates[index] ?? 0) - (rates[index - 1] ?? 0),
  }));
  return [...changes, { changedMs: endOf(life), by: -(rates.at(-1) ?? 0) }];
}

function oneMillisecondOf(life: ServerLife, flavor: ServerLife['launches'][0]['flavor']): ServerLife {
  return { ...life, projectId: '', launches: [{ atMs: 0, flavor }], deletedMs: 1 };
}
