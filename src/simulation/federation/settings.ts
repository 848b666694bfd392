import { z } from 'zod';
import { isLoopback, parseListenAddress } from '../../runtime/http/listen.ts';
import { readSettings, setting, type SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import type { FederationConfig } from './federation.ts';
import { freeAddress } from './free-address.ts';
import type { SiteOptions } from './site.ts';

const DAY_MS = 86_400_000;

/** The sites of the demo. */
export const DEMO_SITES: readonly SiteOptions[] = [
  {
    name: 'site-a',
    cloud: { seed: 'site-a', projects: 14, serversPerProject: 4 },
    ports: { exporter: 8080, gate: 8443 },
  },
  {
    name: 'site-b',
    cloud: { seed: 'site-b', projects: 9, serversPerProject: 3 },
    ports: { exporter: 8081, gate: 8444 },
  },
];

export const demoSettings = {
  listen: setting({
    type: 'text',
    schema: z.string().optional(),
    help: 'address of the portal, on loopback',
    fallback: '127.0.0.1:8000, or another port if that is taken',
    value: 'HOST:PORT',
  }),
  data: setting({
    type: 'text',
    schema: z.string().min(1, 'is empty; name a folder').default('./data/demo'),
    help: 'folder that keeps everything',
    value: 'DIR',
  }),
  days: setting({
    type: 'number',
    schema: z
      .number('must be a number')
      .positive('must be above zero')
      .max(366, 'must be at most 366')
      .default(30),
    help: 'length of the history that a new folder begins with',
    value: 'DAYS',
  }),
};

/** Reads the settings of `stackmeter demo`. If the default address is in use, another port replaces it. */
export async function readFederationConfig(sources: SettingsSources): Promise<FederationConfig> {
  const { settings } = readSettings(demoSettings, sources);
  const listen =
    settings.listen === undefined
      ? await freeAddress({ host: '127.0.0.1', port: 8000 })
      : parseListenAddress(settings.listen);
  if (!isLoopback(listen.host))
    throw new UserError(
      `listen: ${listen.host} is not on loopback, and anyone may sign in to the demo as anyone; write 127.0.0.1:PORT`,
    );
  return { dataFolder: settings.data, listen, historyMs: settings.days * DAY_MS, sites: DEMO_SITES };
}
