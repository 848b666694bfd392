import { createHash } from 'node:crypto';
import { z } from 'zod';
import { contentOf, name } from './fields.ts';
import { openLine, sealedLine } from './sealed-line.ts';

/** A site's answer to an invitation. It holds no secret. */
const reply = z.strictObject({
  /** SHA-256 of the line of the invitation. */
  invitation: z.string(),
  site: name,
  /** The address under which the portal reaches the gate. */
  url: z.string().regex(/^https?:\/\/[\x21-\x7e]+$/),
  /** Certificates (PEM) that the portal is to trust; without them, those of its system. */
  certificates: z
    .string()
    .regex(/^[\w+/=\s-]+$/)
    .optional(),
});

export type Reply = z.output<typeof reply>;

export function replyLine(invitationLine: string, content: Omit<Reply, 'invitation'>): string {
  return sealedLine('reply', { invitation: idOf(invitationLine), ...content });
}

/** Reads the line of a reply. Throws `UserError`. */
export function readReply(text: string): { line: string; reply: Reply } {
  const { line, content } = openLine('reply', text);
  return { line, reply: contentOf(reply, content, 'reply') };
}

/** Whether the reply answers this invitation. */
export function answers({ invitation }: Reply, invitationLine: string): boolean {
  return invitation === idOf(invitationLine);
}

function idOf(invitationLine: string): string {
  return createHash('sha256').update(invitationLine).digest('base64url');
}
