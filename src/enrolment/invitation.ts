import { z } from 'zod';
import { openLine, sealedLine } from './sealed-line.ts';
import { contentOf, date, instant, name } from './fields.ts';

/** A portal's wish to read a site, as the site receives it. It holds no secret. */
const invitation = z.strictObject({
  portal: name,
  site: name,
  /** The hash that the gate keeps of the token. */
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Until when the site may accept. */
  ends: instant,
  /** When the token expires; without it, never. */
  expires: instant.optional(),
  /** The day from which the portal would like to have usage. */
  start: date.optional(),
  serverHours: z.boolean(),
});

export type Invitation = z.output<typeof invitation>;

export function invitationLine(content: Invitation): string {
  return sealedLine('invitation', content);
}

/** Reads the line of an invitation. Throws `UserError`. */
export function readInvitation(text: string): { line: string; invitation: Invitation } {
  const { line, content } = openLine('invitation', text);
  return { line, invitation: contentOf(invitation, content, 'invitation') };
}
