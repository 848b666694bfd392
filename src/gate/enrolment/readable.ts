import { USAGE_SELECTORS } from '../../prometheus/usage-metrics.ts';

/** The policy of a token: the selectors of the gate, and whether server hours come with them. */
export interface Shares {
  selectors: readonly string[] | undefined;
  serverHours: boolean;
  /** Labels that the token does not get, or gets as hashes. */
  dropLabels?: readonly string[];
  hashLabels?: readonly string[];
}

/** One line for each kind of series that a token may read, and for what is hidden of them. */
export function readableWords({
  selectors,
  serverHours,
  dropLabels = [],
  hashLabels = [],
}: Shares): string[] {
  return [
    ...usageWords(selectors),
    ...(serverHours ? [SERVER_HOURS_WORDS] : []),
    ...(dropLabels.length === 0 ? [] : [`all this without the labels ${dropLabels.join(', ')}`]),
    ...(hashLabels.length === 0 ? [] : [`all this with hashes in place of ${hashLabels.join(', ')}`]),
  ];
}

const USAGE_WORDS = [
  'how much each project has used: vCPU-hours, memory, and each other resource that the exporter meters, with names and ids of projects and domains (project_…_usage)',
  "the exporter's facts about these totals: since and up to when they count, its version, its errors (stackmeter_exporter_…)",
];
const SERVER_HOURS_WORDS =
  'how long servers of each flavor were in each state, by project, and the size of each flavor (project_server_usage)';

function usageWords(selectors: readonly string[] | undefined): string[] {
  if (selectors === undefined || selectors.join('\n') === USAGE_SELECTORS.join('\n')) return USAGE_WORDS;
  return selectors.map((selector) => `the series that the gate's own selector names: ${selector}`);
}
