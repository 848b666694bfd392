import { readExporterSettings } from '../../exporter/settings/settings.ts';
import type { GateConfig } from '../../gate/settings/config.ts';
import { readGateConfig } from '../../gate/settings/settings.ts';
import { readPortalConfig, type PortalConfig } from '../../portal/settings/settings.ts';
import type { Clock } from '../../runtime/clock.ts';
import { localAddress, parseListenAddress } from '../../runtime/http/listen.ts';
import { lookAtExporter, type ExporterPlace } from './exporter-link.ts';
import { faultOf } from './fault.ts';
import { notLookedAt, notOk, type Finding, type Link } from './finding.ts';
import { lookAtGate, lookForGate } from './gate-link.ts';
import { lookAtOpenStack } from './openstack-link.ts';
import type { Places } from './places.ts';
import { lookAtGates, lookAtPortal, lookAtRunningPortal } from './portal-link.ts';
import { lookAtPrometheus } from './prometheus-link.ts';

/** The addresses that a person names. */
export interface Addresses {
  exporter?: string;
  prometheus?: string;
  gate?: string;
  portal?: string;
}

interface ExamineParts {
  addresses: Addresses;
  /** Secret: opens the API of a portal elsewhere. */
  portalToken: string | undefined;
  clock: Clock;
}

const USUAL_INTERVAL_MS = 300_000;

/** Looks at each link of the chain that can be found. Stops at nothing. */
export async function examine(places: Places, parts: ExamineParts): Promise<Finding[]> {
  const { addresses, clock } = parts;
  const gate = read('gate', places.gate, readGateConfig);
  const portal = read('portal', places.portal, readPortalConfig);
  const exporter = exporterOf(read('exporter', places.exporter, exporterPlace), gate.config, addresses);
  const missing =
    places.portal !== undefined && places.exporter === undefined && places.gate === undefined
      ? AT_SITES
      : NOT_FOUND;
  const found = await Promise.all([
    openStackFindings(places, clock) ?? missing.OpenStack,
    exporter.config ? lookAtExporter(exporter.config, clock.nowMs()) : (exporter.fault ?? missing.exporter),
    prometheusFinding(gate.config, addresses, exporter.config?.url) ?? [],
    gateFindings(gate, portal.config, parts) ?? missing.gate,
    portalFindings(portal, parts),
  ]);
  return found.flat();
}

/** At a portal, these links are elsewhere. */
const AT_SITES = {
  OpenStack: notLookedAt('OpenStack', 'is at the sites'),
  exporter: notLookedAt('exporter', 'is at the sites'),
  gate: notLookedAt('gate', 'is at the sites'),
};

const NOT_FOUND = {
  OpenStack: notLookedAt(
    'OpenStack',
    'no credentials were found',
    'name them with --openrc FILE or --os-cloud NAME',
  ),
  exporter: notLookedAt('exporter', 'was not found', 'name its address with --exporter URL'),
  gate: notLookedAt(
    'gate',
    'was not found',
    'name its configuration with --config FILE, or its address with --gate URL',
  ),
};

interface Reading<T> {
  config?: T;
  fault?: Finding;
}

/** Reads the settings of a role, if there are some. */
function read<T, S>(link: Link, sources: S | undefined, readConfig: (sources: S) => T): Reading<T> {
  if (sources === undefined) return {};
  try {
    return { config: readConfig(sources) };
  } catch (error) {
    return { fault: notOk(link, faultOf(error), 'correct its settings') };
  }
}

function openStackFindings({ exporter }: Places, clock: Clock): Promise<Finding[]> | Finding | undefined {
  if (exporter === undefined) return undefined;
  const isDummy = read('exporter', exporter, readExporterSettings).config?.dummyData !== undefined;
  return isDummy
    ? notLookedAt('OpenStack', 'there is none: the exporter serves dummy data')
    : lookAtOpenStack(exporter, clock);
}

function exporterPlace(sources: NonNullable<Places['exporter']>): ExporterPlace {
  const { listen, interval } = readExporterSettings(sources);
  return { url: `http://${localAddress(parseListenAddress(listen))}`, intervalMs: interval * 1000 };
}

/** The exporter that a person names, or that of the settings, or the one that the gate reads. */
function exporterOf(
  own: Reading<ExporterPlace>,
  gate: GateConfig | undefined,
  { exporter }: Addresses,
): Reading<ExporterPlace> {
  const intervalMs = own.config?.intervalMs ?? USUAL_INTERVAL_MS;
  if (exporter !== undefined) return { config: { url: exporter, intervalMs } };
  if (own.config !== undefined || own.fault !== undefined || gate?.source.kind !== 'exporter') return own;
  return { config: { url: gate.source.url.href.replace(/\/$/, ''), intervalMs } };
}

/** A site needs no Prometheus: without one there is nothing to look at. */
function prometheusFinding(
  gate: GateConfig | undefined,
  { prometheus }: Addresses,
  exporter: string | undefined,
): Promise<Finding> | undefined {
  const source = gate?.source.kind === 'prometheus' ? gate.source.url.href.replace(/\/$/, '') : undefined;
  const url = prometheus ?? source;
  return url === undefined ? undefined : lookAtPrometheus(url, exporter);
}

/** The gate of this site, or those that this portal reads. */
function gateFindings(
  { config, fault }: Reading<GateConfig>,
  portal: PortalConfig | undefined,
  { addresses: { gate }, clock }: ExamineParts,
): Promise<Finding | Finding[]> | Finding | undefined {
  if (config !== undefined) return lookAtGate(config, clock);
  if (gate !== undefined) return lookForGate(new URL(gate));
  return fault ?? (portal && lookAtGates(portal, clock));
}

function portalFindings(
  { config, fault }: Reading<PortalConfig>,
  { addresses: { portal }, portalToken, clock }: ExamineParts,
): Promise<Finding[]> | Finding {
  if (portal !== undefined) return lookAtPortal(portal, portalToken, clock.nowMs());
  if (config !== undefined) return lookAtRunningPortal(config.dataFolder, clock.nowMs());
  return (
    fault ??
    notLookedAt(
      'portal',
      'is elsewhere',
      'name it with --portal URL, and a token of the role site in STACKMETER_PORTAL_TOKEN',
    )
  );
}
