import { z } from 'zod';
import { parseStartDate } from '../exporter/settings/start-date.ts';
import { SIMULATED_ADMINISTRATOR } from './administrator.ts';
import { generatedCloud } from './generated/generated-cloud.ts';
import { SIMULATION_DEFAULTS, type SimulatedCloudConfig } from './simulated-cloud.ts';
import { parseListenAddress } from '../runtime/http/listen.ts';
import {
  readSettings,
  setting,
  type SettingsOf,
  type SettingsSources,
} from '../runtime/settings/settings.ts';

const MILLION = 1_000_000;

const aboveZero = (most: number) =>
  z.number('must be a number').positive('must be above zero').max(most, `must be at most ${most}`);
const wholeAboveZero = (most: number) => aboveZero(most).int('must be a whole number');

export const simulationSettings = {
  listen: setting({
    type: 'text',
    schema: z.string().default('127.0.0.1:5000'),
    help: 'address to listen on',
    value: 'HOST:PORT',
  }),
  profile: setting({
    type: 'text',
    schema: z.string().optional(),
    help: 'profile with the domains, projects and machines of the cloud; read again when it changes',
    value: 'FILE',
  }),
  start: setting({
    type: 'text',
    schema: z.string().optional(),
    help: 'since when the machines of a profile with existence = true are up',
    fallback: 'now',
    value: 'DATE',
  }),
  seed: setting({
    type: 'text',
    schema: z.string().default('stackmeter'),
    help: 'without a profile: the same seed makes the same cloud',
    value: 'TEXT',
  }),
  projects: setting({
    type: 'number',
    schema: wholeAboveZero(MILLION).default(24),
    help: 'without a profile: number of projects',
    value: 'N',
  }),
  serversPerProject: setting({
    type: 'number',
    schema: aboveZero(MILLION).default(3),
    help: 'without a profile: servers that a project has at once, on average',
    value: 'N',
  }),
  tokenLifetime: setting({
    type: 'number',
    schema: wholeAboveZero(366 * 86_400).default(SIMULATION_DEFAULTS.tokenLifetimeMs / 1000),
    help: 'how long a token is valid',
    value: 'SECONDS',
  }),
  maxLimit: setting({
    type: 'number',
    schema: wholeAboveZero(MILLION).default(SIMULATION_DEFAULTS.maxLimit),
    help: "servers in one answer at most, Nova's max_limit",
    value: 'N',
  }),
};

/** Reads the settings of `stackmeter simulate`. `nowMs` is the default of `start`. */
export function readSimulationConfig(sources: SettingsSources, nowMs: number): SimulatedCloudConfig {
  const { settings } = readSettings(simulationSettings, sources);
  return {
    listen: parseListenAddress(settings.listen),
    source: sourceOf(settings, nowMs),
    users: [SIMULATED_ADMINISTRATOR],
    region: SIMULATION_DEFAULTS.region,
    tokenLifetimeMs: settings.tokenLifetime * 1000,
    maxLimit: settings.maxLimit,
  };
}

function sourceOf(
  settings: SettingsOf<typeof simulationSettings>,
  nowMs: number,
): SimulatedCloudConfig['source'] {
  if (settings.profile === undefined) return { model: generatedCloud(settings) };
  const startMs = settings.start === undefined ? nowMs : parseStartDate(settings.start, nowMs);
  return { profileFile: settings.profile, startMs };
}
