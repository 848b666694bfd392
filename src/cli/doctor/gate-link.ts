import { checkGate } from '../../gate/check.ts';
import type { GateConfig } from '../../gate/settings/config.ts';
import { readLiveConfig } from '../../gate/settings/live-config.ts';
import type { Clock } from '../../runtime/clock.ts';
import { localAddress } from '../../runtime/http/listen.ts';
import { faultOf } from './fault.ts';
import { notOk, ok, type Finding } from './finding.ts';
import { findListener, type Listener } from './listener.ts';

/** Reads the files of a gate, asks its source as a portal would, and looks whether the gate runs. */
export async function lookAtGate(config: GateConfig, clock: Clock): Promise<Finding> {
  try {
    const lines = await checkGate(config, { clock });
    const { certificate } = await readLiveConfig(config, clock.nowMs());
    const url = addressOf(config);
    return judgeGate(
      url,
      lines,
      await findListener(url),
      config.selfSigned ? undefined : certificate?.fingerprint,
    );
  } catch (error) {
    return notOk('gate', faultOf(error), 'correct the configuration of the gate, and start it');
  }
}

/** Looks whether a gate answers at an address. */
export async function lookForGate(url: URL): Promise<Finding> {
  const listener = await findListener(url);
  return 'failure' in listener ? silent(url, listener.failure) : ok('gate', `${url.origin} answers`);
}

/** @param lines what `stackmeter gate --check` says. */
export function judgeGate(
  url: URL,
  lines: readonly string[],
  listener: Listener,
  fingerprint: string | undefined,
): Finding {
  const last = lines.at(-1) ?? '';
  if (!last.startsWith('ready')) return notOk('gate', `has no usage to give out`, last.slice(10));
  if ('failure' in listener) return silent(url, listener.failure);
  if (fingerprint !== undefined && listener.fingerprint !== fingerprint)
    return notOk(
      'gate',
      `${url.origin} serves with another certificate than that of its file`,
      'send it SIGHUP, and read its log',
    );
  const facts = lines
    .filter((line) => /^(tokens|TLS) /.test(line))
    .map((line) => line.replace(/ {2,}/, ' ').replace(/, fingerprint \S+/, ''));
  return ok('gate', `${url.origin} answers; ${facts.join('; ')}`);
}

function silent(url: URL, failure: string): Finding {
  return notOk(
    'gate',
    `${url.origin} does not answer (${failure})`,
    'start the gate, or name its address with --gate URL',
  );
}

/** The address of a gate on this machine. */
function addressOf({ listen, tls, selfSigned }: GateConfig): URL {
  const scheme = tls !== undefined || selfSigned ? 'https' : 'http';
  return new URL(`${scheme}://${localAddress(listen)}`);
}
