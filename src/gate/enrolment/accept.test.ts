import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { invitationLine, type Invitation } from '../../enrolment/invitation.ts';
import { readReply } from '../../enrolment/reply.ts';
import { shortCode } from '../../enrolment/short-code.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { accept, prepareAcceptance } from './accept.ts';
import { readableWords } from './readable.ts';

const NOW = Date.UTC(2026, 10, 29);
const URL_OF_GATE = { url: 'https://usage.site-a.example:8443' };
const example: Invitation = {
  portal: 'portal.example.org',
  site: 'site-a',
  hash: `sha256:${'1'.repeat(64)}`,
  ends: '2026-12-13T00:00:00.000Z',
  expires: '2027-12-31T00:00:00.000Z',
  serverHours: false,
};
const line = invitationLine(example);

function siteWith(files: Record<string, string>, flags: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'stackmeter-accept-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const inFolder = (name: string) => join(folder, name);
  return {
    read: (name: string) => readFileSync(inFolder(name), 'utf8'),
    write: (name: string, text: string) => writeFileSync(inFolder(name), text),
    byFile: { flags, env: {}, configFile: inFolder('gate.toml') },
    byFlags: { flags: { tokenFile: inFolder('tokens'), ...flags }, env: {} },
  };
}

const GATE_TOML = '# ours\r\nexporter = "http://127.0.0.1:8080" # here\r\nlisten="127.0.0.1:0"';

it('adds a table to gate.toml, and leaves the rest of the file as it is', async () => {
  const site = siteWith({ 'gate.toml': GATE_TOML });
  const acceptance = prepareAcceptance(line, site.byFile, URL_OF_GATE, NOW);
  expect(site.read('gate.toml')).toBe(GATE_TOML);
  await accept(acceptance);
  expect(site.read('gate.toml')).toBe(`${GATE_TOML}

[[token]]
name = "portal.example.org"
hash = "sha256:${'1'.repeat(64)}"
expires = "2027-12-31T00:00:00.000Z"
server_hours = false
`);
});

it('adds a line to a token file, which it makes if it is not there', async () => {
  const added = `portal.example.org ${example.hash} expires 2027-12-31T00:00:00.000Z\n`;
  const fresh = siteWith({});
  await accept(prepareAcceptance(line, fresh.byFlags, URL_OF_GATE, NOW));
  const other = `# others\nother sha256:${'2'.repeat(64)}`;
  const used = siteWith({ tokens: other });
  await accept(prepareAcceptance(line, used.byFlags, URL_OF_GATE, NOW));
  expect([fresh.read('tokens'), used.read('tokens')]).toEqual([added, `${other}\n${added}`]);
});

it('changes nothing when it is repeated, and gives the same reply', async () => {
  const site = siteWith({ 'gate.toml': GATE_TOML });
  const first = prepareAcceptance(line, site.byFile, URL_OF_GATE, NOW);
  await accept(first);
  const text = site.read('gate.toml');
  const second = prepareAcceptance(line, site.byFile, URL_OF_GATE, NOW);
  await accept(second);
  expect([site.read('gate.toml'), second.change, second.reply]).toEqual([text, undefined, first.reply]);
});

it("gives a new token the limits of the portal's last one, and says them", async () => {
  const own = `[[token]]
name = "portal.example.org"
hash = "sha256:${'2'.repeat(64)}"
expires = 2026-12-01
selectors = ['{__name__="project_vcpu_usage"}']
drop_labels = ["domain_name"]
addresses = ["192.0.2.0/24"]
concurrency = 1
`;
  const site = siteWith({ 'gate.toml': `${GATE_TOML}\n${own}` });
  const acceptance = prepareAcceptance(line, site.byFile, URL_OF_GATE, NOW);
  expect([acceptance.others, readableWords(acceptance.shares)]).toEqual([
    ['portal.example.org'],
    [
      'the series that the gate\'s own selector names: {__name__="project_vcpu_usage"}',
      'all this without the labels domain_name',
    ],
  ]);
  await accept(acceptance);
  expect(site.read('gate.toml')).toBe(`${GATE_TOML}\n${own}
[[token]]
name = "portal.example.org"
hash = "sha256:${'1'.repeat(64)}"
expires = "2027-12-31T00:00:00.000Z"
server_hours = false
selectors = ["{__name__=\\"project_vcpu_usage\\"}"]
drop_labels = ["domain_name"]
concurrency = 1
addresses = ["192.0.2.0/24"]
`);
});

it('answers with the address, and with codes of the invitation and of both lines', () => {
  const site = siteWith({});
  const { reply, code, replyCode } = prepareAcceptance(line, site.byFlags, URL_OF_GATE, NOW);
  expect(readReply(reply).reply).toMatchObject({ site: 'site-a', ...URL_OF_GATE });
  expect([code, replyCode]).toEqual([shortCode(line), shortCode(line, reply)]);
});

it('says what the token will read, by the policy of this gate', () => {
  const words = (flags: Record<string, unknown>, toml: string, serverHours: boolean) => {
    const site = siteWith({ 'gate.toml': toml }, flags);
    const asked = invitationLine({ ...example, serverHours });
    return readableWords(prepareAcceptance(asked, site.byFile, URL_OF_GATE, NOW).shares);
  };
  const own = 'selectors = [\'{__name__="project_vcpu_usage"}\']\n';
  expect(words({}, GATE_TOML, false).join('\n')).toMatch(/^how much each .*\nthe exporter's facts .*$/);
  // The token gets what the invitation asks for, also if the file allows more.
  expect(words({}, `${GATE_TOML}\nserver_hours = true`, false)).toHaveLength(2);
  expect(words({}, `${own}${GATE_TOML}`, true)).toEqual([
    'the series that the gate\'s own selector names: {__name__="project_vcpu_usage"}',
    expect.stringMatching(/^how long servers/),
  ]);
});

it('refuses in one line what cannot or must not be accepted', async () => {
  const site = siteWith({ 'gate.toml': GATE_TOML });
  const problem = (content: Invitation, sources: SettingsSources, nowMs = NOW) => {
    try {
      prepareAcceptance(invitationLine(content), sources, URL_OF_GATE, nowMs);
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect([
    problem(example, site.byFile, Date.parse(example.ends)),
    problem({ ...example, expires: '2026-11-28T00:00:00.000Z' }, site.byFile),
    problem({ ...example, serverHours: true }, site.byFlags),
    problem(example, { ...site.byFlags, flags: {} }),
  ]).toEqual([
    'the invitation ended at 2026-12-13 00:00 UTC: ask the portal for a new one',
    expect.stringMatching(/^the token of the invitation expired at 2026-11-28/),
    expect.stringMatching(/^the invitation asks for server hours, which a line/),
    expect.stringMatching(/^where are the tokens of the gate\? /),
  ]);
});

it('does not replace a gate.toml by one with which the gate would not run', async () => {
  const site = siteWith({
    'gate.toml': 'token_file = "absent"\nexporter = "http://127.0.0.1:8080"\nlisten = "127.0.0.1:0"\n',
  });
  const acceptance = prepareAcceptance(line, site.byFile, URL_OF_GATE, NOW);
  await expect(accept(acceptance)).rejects.toThrow('cannot read the token file absent');
  expect(site.read('gate.toml')).not.toContain('[[token]]');
});

it('brings no token back that was removed while the question was open', async () => {
  const removed = `[[token]]\nname = "other"\nhash = "sha256:${'2'.repeat(64)}"\n`;
  const tokens = `other sha256:${'2'.repeat(64)}\n`;
  const site = siteWith({ 'gate.toml': `${GATE_TOML}\n${removed}`, tokens });
  const open = [site.byFile, site.byFlags].map((sources) =>
    prepareAcceptance(line, sources, URL_OF_GATE, NOW),
  );
  site.write('gate.toml', GATE_TOML);
  site.write('tokens', '');
  for (const acceptance of open)
    await expect(accept(acceptance)).rejects.toThrow(/^somebody else changed .* meanwhile: run the command/);
  expect([site.read('gate.toml'), site.read('tokens')]).toEqual([GATE_TOML, '']);
});
