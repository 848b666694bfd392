import type { ChaosFederation } from './federation.ts';

/** By name: begins, and lasts so long, in real milliseconds, where it does not end at once. */
export function faultsOf({ clouds, ...parts }: ChaosFederation): Record<string, (lastsMs: number) => void> {
  const { exporters, gates, prometheuses, portals, proxies } = parts;
  const killed = Object.entries({ exporters, gates, prometheuses, portals }).flatMap(([kind, victims]) =>
    Object.entries(victims).map(([name, victim]) => [`kill ${kind} ${name}`, () => victim.kill()] as const),
  );
  const disturbed = Object.entries(proxies).flatMap(([name, proxy]) => [
    [`cut ${name}`, (lastsMs: number) => proxy.cut(lastsMs)] as const,
    [`delay ${name}`, (lastsMs: number) => proxy.delay(lastsMs)] as const,
  ]);
  const lived = Object.entries(clouds).flatMap(([name, cloud]) => [
    [`fail cloud ${name}`, (lastsMs: number) => cloud.fail(lastsMs)] as const,
    [`rename ${name}`, () => cloud.rename()] as const,
    [`move ${name}`, () => cloud.move()] as const,
    [`bring ${name}`, () => cloud.bring()] as const,
    [`end ${name}`, () => cloud.end()] as const,
  ]);
  return {
    ...Object.fromEntries([...killed, ...disturbed, ...lived]),
    'pause portal one': (lastsMs) => portals.one.pause(2 * lastsMs),
    'pause portal two': (lastsMs) => portals.two.pause(2 * lastsMs),
    'kill database': () => parts.killDatabase(),
    'kill database again': () => parts.killDatabase(),
  };
}
