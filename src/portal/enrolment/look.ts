import { UsageView } from '../../prometheus/usage-view.ts';
import type { Clock } from '../../runtime/clock.ts';
import { DEFAULT_BODY_LIMITS } from '../collector/federate-body.ts';
import { GateClient } from '../collector/gate-client.ts';
import type { SiteConfig } from '../settings/site-settings.ts';

/** Reads a gate once and counts nothing. Returns words for what there is. Throws `SweepFailure`. */
export async function look(site: SiteConfig, clock: Clock): Promise<string> {
  const client = new GateClient(site, DEFAULT_BODY_LIMITS, clock);
  const view = new UsageView();
  try {
    await client.federate(new AbortController().signal, (sample) => view.add(sample));
    return view.words(clock.nowMs());
  } finally {
    await client.close();
  }
}
