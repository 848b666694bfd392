import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SiteRow, UsageRow } from '../../src/portal/api/shapes/answers.ts';
import { createPortal } from '../../src/portal/portal.ts';
import type { SiteConfig } from '../../src/portal/settings/settings.ts';
import { USAGE_SELECTORS } from '../../src/prometheus/usage-metrics.ts';
import { formatAddress } from '../../src/runtime/http/listen.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { getJson } from '../support/api-client.ts';
import { issue, makeCa, type Pair } from '../support/certificate-authority.ts';
import { startFakeGate, TEXT_FORMAT, usageLine } from './fake-gate.ts';
import { settableClock, startGate, TOKEN } from '../gate/harness.ts';
import { temporaryFolder } from '../support/processes.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a portal that reads gates over TLS', () => {
  it("trusts only the site's CA, says what is wrong with other certificates, and still reads the other sites", async () => {
    const folder = temporaryFolder();
    const clock = settableClock(Date.now() - HOUR);
    let total = 10;
    const exporter = await startFakeGate((_request, response) => {
      response.writeHead(200, TEXT_FORMAT).end(usageLine('p', total, clock.nowMs()));
    });
    const source = { kind: 'exporter' as const, url: new URL(exporter) };
    const [ca, otherCa] = await Promise.all([makeCa('the CA of the site'), makeCa('another CA')]);

    const siteWith = async (name: string, served: Pair | undefined, trusted: string | undefined) => {
      const tls = { certFile: join(folder, `${name}.cert`), keyFile: join(folder, `${name}.key`) };
      if (served !== undefined) {
        writeFileSync(tls.certFile, served.cert);
        writeFileSync(tls.keyFile, served.key);
      }
      const { gate } = await startGate({ source, ...(served === undefined ? {} : { tls }) }, clock);
      const site: SiteConfig = {
        name,
        url: `https://localhost:${gate.address.port}`,
        token: TOKEN,
        ca: trusted,
        intervalMs: 30_000,
        timeoutMs: 30_000,
        labels: {},
        selectors: USAGE_SELECTORS,
      };
      return { site, host: `localhost:${gate.address.port}` };
    };
    const right = await siteWith('right', await issue(ca, 'localhost'), ca.cert);
    const bundle = await siteWith(
      'bundle',
      await issue(ca, 'localhost'),
      `${otherCa.cert.trimEnd()}\n${ca.cert}`,
    );
    const wrongCa = await siteWith('wrong-ca', await issue(ca, 'localhost'), otherCa.cert);
    const noCa = await siteWith('no-ca', await issue(ca, 'localhost'), undefined);
    const expired = await siteWith('expired', await issue(ca, 'localhost', -1), ca.cert);
    const mismatch = await siteWith('mismatch', await issue(ca, 'usage.elsewhere.example'), ca.cert);
    const own = await issue(undefined, 'gate');
    const byItself = await siteWith('by-itself', own, `${otherCa.cert.trimEnd()}\n${own.cert}`);
    const plain = await siteWith('plain', undefined, ca.cert);
    const sites = [right, bundle, wrongCa, noCa, expired, mismatch, byItself, plain];

    const portal = createPortal(
      {
        listen: { host: '127.0.0.1', port: 0 },
        dataFolder: folder,
        databaseUrl: undefined,
        sites: sites.map(({ site }) => site),
        autoSweep: false,
      },
      {
        clock,
        logger: silentLogger(),
      },
    );
    onTestFinished(async () => await portal.close());
    await portal.start();
    await portal.sweep();
    total = 11;
    clock.set(Date.now());
    await portal.sweep();

    const url = `http://${formatAddress(portal.address)}`;
    const { data } = (await getJson(`${url}/api/v1/sites`)) as { data: SiteRow[] };
    const untrusted = (host: string) =>
      `TLS: the certificate of ${host} has no trusted issuer; set ca_file to the certificate of its issuer`;
    expect(Object.fromEntries(data.map(({ name, last_error }) => [name, last_error]))).toEqual({
      right: null,
      bundle: null,
      'wrong-ca': untrusted(wrongCa.host),
      'no-ca': untrusted(noCa.host),
      expired: `TLS: the certificate of ${expired.host} has expired`,
      mismatch: `TLS: the certificate is not for ${mismatch.host}`,
      'by-itself': null,
      plain: `TLS: ${plain.host} does not speak TLS`,
    });
    const from = new Date(Date.now() - DAY).toISOString();
    const usage = (await getJson(`${url}/api/v1/usage?from=${from}&by=site,resource`)) as {
      data: UsageRow[];
    };
    expect(usage.data.map(({ site, amount }) => [site, amount])).toEqual([
      ['bundle', 1],
      ['by-itself', 1],
      ['right', 1],
    ]);
  });
});
