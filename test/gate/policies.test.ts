import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTokens } from '../../src/gate/settings/gate-tokens.ts';
import { readGateConfig } from '../../src/gate/settings/settings.ts';
import { hashToken } from '../../src/gate/tokens/tokens.ts';
import { encodeReadRequest } from '../../src/prometheus/remote/remote-read.ts';
import { parseSelector } from '../../src/prometheus/selectors/selectors.ts';
import {
  plainText,
  settableClock,
  startGate,
  startUpstream,
  federate,
  USAGE,
  type StartedGate,
} from './harness.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';

const NOW = 1_700_000_000_000;
const LINE = 'project_mb_usage{job="project_usages",project_id="1",project_name="Größe",domain_id="d"} 1 5\n';
const hash = (token: string) => `hash = "sha256:${hashToken(token).toString('hex')}"`;

/** Starts a gate with this configuration, in front of an upstream that answers with one line of usage. */
async function startWith(toml: string, answer = LINE) {
  const folder = temporaryFolder();
  const configFile = join(folder, 'gate.toml');
  writeFileSync(join(folder, 'hash.key'), 'a key that nobody knows');
  const { url } = await startUpstream((_, response) => void response.writeHead(200, plainText).end(answer));
  const text = (tables: string) =>
    `listen = "127.0.0.1:0"\nprometheus = "${url.href}"\nmetrics_listen = "127.0.0.1:0"\nhash_key_file = "${join(folder, 'hash.key')}"\n${tables}`;
  // The file is replaced at once, so that the gate never reads half of it.
  const write = (tables: string) => {
    writeFileSync(`${configFile}.new`, text(tables));
    renameSync(`${configFile}.new`, configFile);
  };
  write(toml);
  const read = () => readGateConfig({ flags: {}, env: {}, configFile });
  const clock = settableClock(NOW);
  const started = await startGate({ ...read(), authToken: undefined }, clock, {
    reread: read,
    watchIntervalMs: 50,
  });
  return { ...started, write, clock, with: asking(started) };
}

/** A function that federates with a token and returns status and text. */
const asking =
  ({ get }: StartedGate) =>
  async (token: string, selector = USAGE) => {
    const { status, text, headers, complete } = await get(federate(selector), {
      authorization: `Bearer ${token}`,
    });
    return { status, text, retryAfter: headers['retry-after'], complete };
  };

async function metricsOf({ gate }: StartedGate): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${gate.metricsAddress?.port}/metrics`)).text();
}

describe('a token of the configuration', () => {
  it('has its own selectors', async () => {
    const { with: ask } = await startWith(
      `[[token]]\nname = "a"\n${hash('a')}\nselectors = ['{job="project_usages",__name__="project_mb_usage",domain_id="d"}']\n` +
        `[[token]]\nname = "b"\n${hash('b')}\n`,
    );
    const narrow = '{job="project_usages",__name__="project_mb_usage",domain_id="d"}';
    expect(await ask('a', narrow)).toMatchObject({ status: 200, text: LINE });
    expect((await ask('a')).status).toBe(403);
    expect((await ask('b')).status).toBe(200);
    expect((await ask('c')).status).toBe(401);
  });

  it('drops or hashes labels, and refuses selectors that would find out their values', async () => {
    const { with: ask } = await startWith(
      `[[token]]\nname = "a"\n${hash('a')}\ndrop_labels = ["domain_id"]\nhash_labels = ["project_name"]\n`,
    );
    const { text } = await ask('a');
    expect(text).toMatch(
      /^# TYPE project_mb_usage untyped\nproject_mb_usage\{job="project_usages",project_id="1",project_name="[0-9a-f]{32}"\} 1 5\n$/,
    );
    expect((await ask('a')).text).toBe(text);
    expect(
      (await ask('a', '{job="project_usages",__name__=~"project_.*_usage",project_name=~"G.*"}')).status,
    ).toBe(403);
    expect(
      (await ask('a', '{job="project_usages",__name__=~"project_.*_usage",domain_id!="d"}')).status,
    ).toBe(403);
  });

  it('that drops or hashes names also hashes the names of pool parts within project ids', async () => {
    const { with: ask } = await startWith(
      `[[token]]\nname = "a"\n${hash('a')}\nhash_labels = ["project_name"]\n` +
        `[[token]]\nname = "b"\n${hash('b')}\ndrop_labels = ["project_name"]\n`,
      'project_mb_usage{job="project_usages",project_id="pool/Secret",project_name="Secret"} 1 5\n' +
        'project_mb_usage{job="project_usages",project_id="pool/Other",project_name="Other"} 2 5\n' +
        'project_mb_usage{job="project_usages",project_id="pool",project_name="Pool"} 3 5\n',
    );
    const idsOf = (text: string) => [...text.matchAll(/project_id="([^"]*)"/g)].map(([, id]) => id);
    const [hashed, dropped] = [(await ask('a')).text, (await ask('b')).text];
    expect(hashed + dropped).not.toMatch(/Secret|Other|"Pool/);
    const [secret, other, pool] = idsOf(hashed);
    expect([secret, other, pool]).toEqual([
      expect.stringMatching(/^pool\/[0-9a-f]{32}$/),
      expect.stringMatching(/^pool\/[0-9a-f]{32}$/),
      'pool',
    ]);
    expect(secret).not.toBe(other);
    // The same part has the same hash for every token.
    expect(idsOf(dropped)).toEqual([secret, other, pool]);
    expect(hashed).toContain(`project_id="${secret}",project_name="${secret?.slice('pool/'.length)}"`);
    const of = (condition: string) => `{job="project_usages",__name__=~"project_.*_usage",${condition}}`;
    for (const guess of ['project_id="pool/Secret"', 'project_id=~"pool/S.*"', 'project_id!="pool/Secret"'])
      expect((await ask('a', of(guess))).status).toBe(403);
    expect((await ask('a', of('project_id="pool"'))).status).toBe(200);
  });

  it.each([
    ['["project_id"]', 'hash_key_file = "key"', 'must not name project_id'],
    ['["project_name"]', '', 'drop_labels with project_name needs --hash-key-file'],
  ])('cannot drop %s, which would merge series or show names', (labels, key, message) => {
    const file = join(temporaryFolder(), 'gate.toml');
    const head = `listen = "127.0.0.1:0"\nexporter = "http://127.0.0.1:1"\n${key}\n`;
    writeFileSync(file, `${head}[[token]]\nname = "a"\n${hash('a')}\ndrop_labels = ${labels}\n`);
    expect(() => readTokens(readGateConfig({ flags: {}, env: {}, configFile: file }))).toThrow(message);
  });

  it('expires, and is valid only from its networks; the refusal does not say why', async () => {
    const {
      with: ask,
      clock,
      log,
    } = await startWith(
      `[[token]]\nname = "old"\n${hash('a')}\nexpires = 2023-11-15\n` +
        `[[token]]\nname = "far"\n${hash('b')}\naddresses = ["10.0.0.0/8", "2001:db8::/32"]\n` +
        `[[token]]\nname = "near"\n${hash('c')}\naddresses = ["127.0.0.0/8"]\n`,
    );
    expect((await ask('a')).status).toBe(200);
    clock.set(Date.UTC(2023, 10, 15));
    const expected = { status: 401, text: 'the token is not valid\n' };
    expect(await ask('a')).toMatchObject(expected);
    expect(await ask('b')).toMatchObject(expected);
    expect(await ask('wrong')).toMatchObject(expected);
    expect((await ask('c')).status).toBe(200);
    expect(log()).toMatch(/"tokenName":"old".*"reason":"expired"/);
    expect(log()).toMatch(/"tokenName":"far".*"reason":"address"/);
  });

  it('has a limit of requests per minute, and the refusal says when to ask again', async () => {
    const { with: ask, clock } = await startWith(
      `[[token]]\nname = "a"\n${hash('a')}\nrequests_per_minute = 2\n[[token]]\nname = "b"\n${hash('b')}\n`,
    );
    expect([(await ask('a')).status, (await ask('a')).status]).toEqual([200, 200]);
    expect(await ask('a')).toMatchObject({ status: 429, text: 'too many requests\n', retryAfter: '30' });
    expect((await ask('b')).status).toBe(200);
    clock.set(NOW + 30_000);
    expect([(await ask('a')).status, (await ask('a')).status]).toEqual([200, 429]);
  });

  it('changes with the file, also with an old and a new hash at once; a bad file changes nothing', async () => {
    const old = `[[token]]\nname = "portal"\n${hash('old')}\n`;
    const fresh = `[[token]]\nname = "portal"\n${hash('new')}\n`;
    const started = await startWith(old);
    const { with: ask, write, log } = started;
    const reloads = async (times: number, message: string) =>
      void (await eventually(
        async () => await Promise.resolve(log().split(message).length > times || undefined),
      ));
    write(old + fresh);
    await reloads(1, 'configuration reloaded');
    expect([(await ask('old')).status, (await ask('new')).status]).toEqual([200, 200]);
    write(fresh);
    await reloads(2, 'configuration reloaded');
    expect([(await ask('old')).status, (await ask('new')).status]).toEqual([401, 200]);
    write('[[token]]\nnam = "x"\n');
    await reloads(1, 'reload failed');
    expect((await ask('new')).status).toBe(200);
    expect(await metricsOf(started)).toMatch(
      /stackmeter_gate_reload_failures_total 1\n[^]*stackmeter_gate_reload_success 0\n/,
    );
  });

  it('that drops or hashes labels may not read remotely, because such answers have all labels', async () => {
    const { gate, log } = await startWith(
      `[[token]]\nname = "a"\n${hash('a')}\nhash_labels = ["project_name"]\n`,
    );
    const response = await fetch(`http://127.0.0.1:${gate.address.port}/api/v1/read`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer a',
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
      },
      body: encodeReadRequest([{ startMs: 0, endMs: 1, matchers: parseSelector(USAGE) }]),
    });
    expect([response.status, await response.text()]).toEqual([
      403,
      'this token cannot read the past: some labels are hidden from it\n',
    ]);
    expect(log()).toContain('"route":"read","tokenName":"a"');
  });

  it('is counted by its name, and never shown', async () => {
    const started = await startWith(`[[token]]\nname = "a"\n${hash('tok-secret')}\nexpires = "2030-01-01"\n`);
    await started.with('tok-secret');
    await started.with('tok-secret', 'up');
    await started.with('other');
    const metrics = await metricsOf(started);
    expect(metrics.match(/^stackmeter_gate_(?:decisions|token).*/gm)).toEqual([
      'stackmeter_gate_decisions_total{token="a",result="allowed",reason=""} 1',
      'stackmeter_gate_decisions_total{token="a",result="denied",reason="policy"} 1',
      'stackmeter_gate_decisions_total{token="",result="denied",reason="token"} 1',
      'stackmeter_gate_token_expiry_timestamp_seconds{token="a"} 1893456000',
    ]);
    expect(metrics + started.log()).not.toContain('tok-secret');
  });
});

describe('an answer outside the policy', () => {
  it.each([
    ['another series', `${LINE}outside_secret 1\n`],
    ['another job', `${LINE}project_mb_usage{job="node"} 1\n`],
    ['no job', `${LINE}project_mb_usage 1\n`],
    ['another comment', `${LINE}# secret\n`],
    ['a head of another metric', `${LINE}# TYPE outside_secret untyped\n`],
    ['help', `${LINE}# HELP project_mb_usage secret\n`],
    ['nonsense', `${LINE}<html>\n`],
    ['a last line without an end', `${LINE}outside_secret 1`],
  ])('is broken off before %s leaves, counted and logged', async (_, answer) => {
    const started = await startWith(`[[token]]\nname = "a"\n${hash('a')}\n`, answer);
    const { text, complete } = await started.with('a').catch(() => ({ text: '', complete: false }));
    expect([complete, text.replace(LINE, '')]).toEqual([false, '']);
    expect(await metricsOf(started)).toContain(
      'stackmeter_gate_decisions_total{token="a",result="failed",reason="answer"} 1',
    );
    expect(started.log()).toContain('an answer broke off');
    expect(started.log()).not.toContain('secret');
  });
});

describe('a configuration that changes', () => {
  const reloaded = async ({ log }: StartedGate, times: number) =>
    void (await eventually(
      async () =>
        await Promise.resolve(log().split('configuration reloaded').length > times ? true : undefined),
    ));

  it('makes the gate check answers that it did not check before', async () => {
    const token = `[[token]]\nname = "a"\n${hash('a')}\n`;
    const started = await startWith(`unsafe_unchecked_answers = true\n${token}`, `${LINE}outside_secret 1\n`);
    expect((await started.with('a')).complete).toBe(true);
    started.write(token);
    await reloaded(started, 1);
    expect(await started.with('a').catch(() => ({ complete: false }))).toMatchObject({ complete: false });
  });

  it('makes the gate watch the files that the new configuration names', async () => {
    const tokenFile = join(temporaryFolder(), 'tokens');
    const line = (token: string) => `${token} sha256:${hashToken(token).toString('hex')}\n`;
    writeFileSync(tokenFile, line('b'));
    const table = `[[token]]\nname = "a"\n${hash('a')}\n`;
    const started = await startWith(table);
    started.write(`token_file = "${tokenFile}"\n${table}`);
    const accepted = async (token: string) =>
      await eventually(async () => ((await started.with(token)).status === 200 ? true : undefined));
    expect(await accepted('b')).toBe(true);
    writeFileSync(tokenFile, line('b') + line('c'));
    expect(await accepted('c')).toBe(true);
  });

  it('logs which settings need a restart', async () => {
    const table = `[[token]]\nname = "a"\n${hash('a')}\n`;
    const started = await startWith(table);
    started.write(`connections_per_address = 7\n${table}`);
    await reloaded(started, 1);
    expect(started.log()).toContain('change only with a restart');
  });
});

describe('the configuration of tokens', () => {
  const problem = (toml: string) => {
    const file = join(temporaryFolder(), 'gate.toml');
    writeFileSync(file, `listen = "127.0.0.1:0"\nexporter = "http://127.0.0.1:1"\n${toml}`);
    try {
      readGateConfig({ flags: {}, env: {}, configFile: file });
    } catch (error) {
      return (error as Error).message.replace(file, 'FILE');
    }
    return readFileSync(file, 'utf8');
  };

  it.each([
    [`[[token]]\nname = "a"\nhsah = "x"`, `FILE: token[1]: unknown key 'hsah'; did you mean 'hash'?`],
    [`[[token]]\nname = "a"`, `FILE: token[1].hash: is missing: it is what 'stackmeter token' prints`],
    [
      `[[token]]\nname = "a"\nhash = "secret"`,
      'FILE: token[1].hash: is not sha256: and 64 hexadecimal digits',
    ],
    [
      `[[token]]\nname = "a"\n${hash('a')}\naddresses = ["10.0.0.0/33"]`,
      'FILE: token[1].addresses: has a text that is neither an address nor a network such as 10.0.0.0/8',
    ],
    [
      `[[token]]\nname = "a"\n${hash('a')}\ndrop_labels = ["__name__"]`,
      "FILE: token[1].drop_labels: must not name __name__: the metric's name says what is counted",
    ],
    [`[[token]]\nname = "a"\n${hash('a')}\nconcurrency = 0`, 'FILE: token[1].concurrency: is less than 1'],
  ])('%s is refused, and the message names the place', (toml, message) => {
    expect(problem(toml)).toBe(message);
  });
});
