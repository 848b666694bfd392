import type { Draws } from './draws.ts';

/** Realistic names of projects, with umlauts, quotes, backslashes, commas and braces. */
const PROJECT_NAMES = [
  'Metagenom-Atlas',
  'AG Müller',
  'O’Brien Lab',
  'Nachtlauf "Variant Calling"',
  'Proteomik Gießen',
  'covid-surveillance',
  'SimpleVM Kurs 2026',
  'Straße & Wald {Boden}',
  'R\\Shiny Server',
  'plant, root, soil',
  'Zürich–Gent single cell',
  'kubernetes-prod',
  'Pangenome Weizen',
  'epi_genetics=tübingen',
  'Bildanalyse Mikroskopie',
  'nf-core CI',
  'Ökologie der Gewässer',
  "d'Alembert",
  'GPU-Training Proteinfaltung',
  'long-read assembly',
  'Łódź biobank',
  '微生物',
  'Lehre: Einführung in die Bioinformatik',
  'backup <archive>',
] as const;

const TOPICS = [
  'genomics',
  'imaging',
  'proteome',
  'climate',
  'sensor',
  'archive',
  'teaching',
  'assembly',
] as const;
const GROUPS = [
  'köln',
  'gent',
  'uppsala',
  'brno',
  'porto',
  'jülich',
  'delft',
  'évry',
  'oulu',
  'bari',
] as const;

export const DOMAIN_NAMES = ['elixir', 'Universität Gießen', 'bioinformatics'] as const;

/** The unique name of the `index`th project. `shift` lets two clouds start at different places of the list. */
export function projectName(index: number, shift: number): string {
  const named = PROJECT_NAMES[(index + shift) % PROJECT_NAMES.length] ?? '';
  if (index < PROJECT_NAMES.length) return named;
  const topic = TOPICS[index % TOPICS.length] ?? '';
  const group = GROUPS[Math.floor(index / TOPICS.length) % GROUPS.length] ?? '';
  return `${topic}-${group}-${index}`;
}

export function serverName(kind: string, draws: Draws): string {
  return `${kind}-${draws.whole(1, 9999)}`;
}
