import { compareText, type CloudModel, type Project } from '../model/cloud-model.ts';
import type { ServerLife } from '../model/server-life.ts';
import { stableId } from '../model/stable-ids.ts';
import { Draws } from './draws.ts';
import { FLAVORS } from './flavors.ts';
import { generatedBelongings } from './generated-belongings.ts';
import { DOMAIN_NAMES, projectName } from './names.ts';
import { KEEPS_DELETED_MS, livesOfPlace, type Place, type PlaceLives } from './place.ts';
import { drawTemperament } from './temperament.ts';

export interface GeneratedCloudOptions {
  /** The same seed and number of projects make the same cloud, in every process and at every time. */
  seed: string;
  projects: number;
  /** Average number of servers of a project at one time; by default 3. */
  serversPerProject?: number;
}

/**
 * A cloud with changing usage, without start or end: servers come, go and are resized, some projects grow, some compute at
 * night. Everything depends only on the seed, so a restarted process continues the same history.
 */
export function generatedCloud(options: GeneratedCloudOptions): CloudModel {
  const domains = DOMAIN_NAMES.map((name) => ({ id: stableId(`${options.seed} domain ${name}`), name }));
  const projects = Array.from({ length: options.projects }, (_, index) => {
    const domainId = domains[index % domains.length]?.id ?? '';
    return generateProject(options.seed, index, domainId);
  }).sort((a, b) => compareText(a.id, b.id));
  const places = projects.map(({ id }) => generatePlaces(options, id).map(livesOfPlace));
  return {
    domains,
    projects,
    flavors: Object.values(FLAVORS),
    belongings: generatedBelongings(
      options.seed,
      projects.map(({ id }) => id),
    ),
    keepsDeletedMs: KEEPS_DELETED_MS,
    livesTouching: rememberLast((fromMs, toMs) => places.flatMap((own) => livesInOrder(own, fromMs, toMs))),
  };
}

function generateProject(seed: string, index: number, domainId: string): Project {
  const shift = new Draws(`${seed} names`).whole(0, 23);
  return { id: stableId(`${seed} project ${index}`), name: projectName(index, shift), domainId };
}

function generatePlaces({ seed, serversPerProject = 3 }: GeneratedCloudOptions, projectId: string): Place[] {
  const key = `${seed} ${projectId}`;
  const draws = new Draws(key);
  const temperament = drawTemperament(draws);
  const count = Math.max(1, Math.round(draws.between(0, 2 * serversPerProject)));
  return temperament({ key, projectId, metadata: {} }, count, draws);
}

function livesInOrder(places: readonly PlaceLives[], fromMs: number, toMs: number): ServerLife[] {
  return places.flatMap((lives) => lives(fromMs, toMs)).sort((a, b) => compareText(a.id, b.id));
}

/** Remembers the last result, because all pages of an answer need the same lives. */
function rememberLast(livesTouching: CloudModel['livesTouching']): CloudModel['livesTouching'] {
  let last: { fromMs: number; toMs: number; lives: readonly ServerLife[] } | undefined;
  return (fromMs, toMs) => {
    if (last?.fromMs !== fromMs || last.toMs !== toMs)
      last = { fromMs, toMs, lives: livesTouching(fromMs, toMs) };
    return last.lives;
  };
}
