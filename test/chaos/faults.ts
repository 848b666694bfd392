import type { ChaosFederation } from './federation.ts';

/** The faults by name. Each function starts the fault; `lastsMs` is its length in real milliseconds, if it has one. */
export function faultsOf({ clouds, ...parts }: ChaosFederation): Record<string, (lastsMs: number) => void> {
  const { exporters, gates, prometheuses, portals, proxies } = parts;
  const kills = Object.entries({ exporters, gates, prometheuses, portals }).flatMap(([kind, victims]) =>
    Object.entries(victims).map(([name, victim]) => [`kill ${kind} ${name}`, () => victim.kill()] as const),
  );
  const networkFaults = Object.entries(proxies).flatMap(([name, proxy]) => [
    [`cut ${name}`, (lastsMs: number) => proxy.cut(lastsMs)] as const,
    [`delay ${name}`, (lastsMs: number) => proxy.delay(lastsMs)] as const,
  ]);
  const cloudEvents = Object.entries(clouds).flatMap(([name, cloud]) => [
    [`fail cloud ${name}`, (lastsMs: number) => cloud.fail(lastsMs)] as const,
    [`rename ${name}`, () => cloud.rename()] as const,
    [`move ${name}`, () => cloud.move()] as const,
    [`bring ${name}`, () => cloud.bring()] as const,
    [`end ${name}`, () => cloud.end()] as const,
  ]);
  return {
    ...Object.fromEntries([...kills, ...networkFaults, ...cloudEvents]),
    'pause portal one': (lastsMs) => portals.one.pause(2 * lastsMs),
    'pause portal two': (lastsMs) => portals.two.pause(2 * lastsMs),
    'kill database': () => parts.killDatabase(),
    'kill database again': () => parts.killDatabase(),
  };
}
