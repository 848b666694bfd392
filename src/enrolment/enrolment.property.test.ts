import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { invitationLine, readInvitation, type Invitation } from './invitation.ts';
import { answers, readReply, replyLine } from './reply.ts';
import { sealedLine } from './sealed-line.ts';
import { shortCode } from './short-code.ts';

const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `sha256:${Buffer.from(bytes).toString('hex')}`);
const instant = fc
  .date({ min: new Date('2026-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
const invitations: fc.Arbitrary<Invitation> = fc.record(
  { portal: name, site: name, hash, ends: instant, serverHours: fc.boolean(), expires: instant },
  { requiredKeys: ['portal', 'site', 'hash', 'ends', 'serverHours'] },
);
const example: Invitation = {
  portal: 'portal.example.org',
  site: 'site-a',
  hash: `sha256:${'0'.repeat(64)}`,
  ends: '2026-12-13T12:00:00.000Z',
  serverHours: false,
};
const line = invitationLine(example);

function withCheck(body: string): string {
  return `${body}:${createHash('sha256').update(body).digest('base64url').slice(0, 11)}`;
}

describe('a line', () => {
  it('has its content after any mail program broke or quoted it', () => {
    fc.assert(
      fc.property(invitations, fc.integer({ min: 1, max: 100 }), (invitation, width) => {
        const sent = invitationLine(invitation);
        const broken = sent.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\r\n> ') ?? '';
        const read = readInvitation(`  ${broken}\n`);
        expect(read).toEqual({ line: sent, invitation });
      }),
    );
  });

  it('is refused with any other character at any place, and if it is cut or has lost a part', () => {
    const reads = (text: string) => {
      try {
        return readInvitation(text).line;
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.stringMatching(/^[\x21-\x7e]$/), (at, character) => {
        const damaged = line.slice(0, at) + character + line.slice(at + 1);
        expect(reads(damaged)).toBe(damaged === line ? line : undefined);
      }),
    );
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.nat(line.length - 1), (from, to) => {
        const lost = line.slice(0, from) + line.slice(Math.max(from, to) + 1);
        expect(reads(lost)).toBe(undefined);
      }),
    );
  });

  it('says in one line why it is refused', () => {
    const problem = (text: string) => {
      try {
        readInvitation(text);
        return 'none';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect([
      problem(sealedLine('reply', {})),
      problem(line.slice(0, -1)),
      problem(sealedLine('invitation', { ...example, portal: '\u001b[2J' })),
      problem(sealedLine('invitation', { ...example, '\u001b[2J': 1 })),
      problem(withCheck(`stackmeter-invitation:1:${Buffer.from('{').toString('base64url')}`)),
    ]).toEqual([
      'this is no invitation: a line that begins with stackmeter-invitation: is expected',
      'the invitation is damaged or cut: copy the whole line, or ask for it again',
      expect.stringMatching(/^the invitation is not one that stackmeter writes: portal: /),
      expect.stringMatching(/^the invitation is not one that stackmeter writes: [\x20-\x7e]+$/),
      'the invitation is not one that stackmeter writes',
    ]);
  });
});

describe('a reply', () => {
  const content = { site: 'site-a', url: 'https://usage.site-a.example:8443', certificates: '-----BEGIN\n' };
  const sent = replyLine(line, content);

  it('is not made longer than one that is read', () => {
    const certificates = `${'A'.repeat(60_000)}\n`;
    expect(() => replyLine(line, { ...content, certificates })).toThrow('give fewer certificates');
  });

  it('answers one invitation', () => {
    const { reply } = readReply(sent);
    expect(reply).toMatchObject(content);
    const other = invitationLine({ ...example, site: 'site-b' });
    expect([answers(reply, line), answers(reply, other)]).toEqual([true, false]);
  });

  it('has a code that covers the invitation too, of letters that cannot be confused', () => {
    const codes = [shortCode(line), shortCode(line, sent), shortCode(`${line}x`, sent), shortCode(sent)];
    for (const code of codes) expect(code).toMatch(/^([B-DF-HJ-NP-TV-XZ]{4}-){2}[B-DF-HJ-NP-TV-XZ]{4}$/);
    expect(new Set(codes).size).toBe(codes.length);
    expect(shortCode(line, sent)).toBe(codes[1]);
  });
});
