import { z } from 'zod';
import { errorAnswer } from '../shapes/answers.ts';
import type { ApiServer } from '../shapes/api-parts.ts';
import { askerOf } from '../shapes/asker-of.ts';
import { nameText } from '../shapes/parameters.ts';
import { ProblemError } from '../shapes/request-error.ts';
import type { SignInParts } from '../shapes/sign-in-parts.ts';
import { html, sendPage } from './html.ts';

const secretParameter = z.object({ secret: z.string().max(100) });

/** Invitations bind somebody who signs in to a person of the accounts, after one confirmation (P4). */
export function invitationRoutes(server: ApiServer, { access: { people }, baseUrl }: SignInParts): void {
  server.post(
    '/api/v1/people/:id/invitation',
    {
      schema: {
        summary: 'Makes a link for one person: who signs in with it becomes this person of the accounts',
        params: z.object({ id: nameText(100) }),
        response: { 200: z.object({ link: z.string(), expires: z.string() }), default: errorAnswer },
      },
    },
    async (request) => {
      const { id } = request.params;
      const invitation = await people.invite(id);
      if (invitation === undefined) throw new ProblemError(404, 'No such person', noPerson(id));
      const { secret, expiresMs } = invitation;
      return { link: `${baseUrl()}/invitation/${secret}`, expires: new Date(expiresMs).toISOString() };
    },
  );
  const page = '/invitation/:secret';
  const schema = { hide: true, params: secretParameter };
  server.get(page, { schema }, async (request, reply) => {
    const person = await people.invited(request.params.secret);
    const body =
      person === undefined
        ? html`<p>The invitation was used, or has ended. Ask for another one.</p>`
        : html`<p>
              Your sign-in will be the person <b>${person}</b> of the portal, with the roles that grants give
              it. You cannot undo this.
            </p>
            <form method="post"><button>I am ${person}</button></form>`;
    await sendPage(reply, {
      status: person === undefined ? 404 : 200,
      baseUrl: baseUrl(),
      title: 'Invitation',
      body,
    });
  });
  server.post(page, { schema: { ...schema, body: z.unknown() } }, async (request, reply) => {
    const { person, tokenId } = askerOf(request);
    if (person === undefined || tokenId !== undefined)
      throw new ProblemError(403, 'Not allowed', 'sign in at your identity provider to accept an invitation');
    if (!isFresh(person))
      throw new ProblemError(409, 'It is bound already', `your sign-in is the person ${person} already`);
    const accepted = await people.accept(request.params.secret, person);
    if (accepted === undefined)
      throw new ProblemError(404, 'No invitation', 'the invitation was used, or has ended');
    return await reply.redirect(`${baseUrl()}/`, 303);
  });
}

/** The accounts have the people, so that nobody binds a sign-in to an id with a typing error. */
export function noPerson(id: string): string {
  return `there is no person '${id}': stackmeter portal grants apply FILE adds people`;
}

/** Whether a person has the id that the portal gave at the first sign-in. */
function isFresh(person: string): boolean {
  return /^p-[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(person);
}
