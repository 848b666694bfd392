import type { FastifyRequest } from 'fastify';
import type { Condition } from '../../accounts/grants/condition.ts';
import { RequestError } from './request-error.ts';

/** The ETag of a version of a document. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** The ETag of an answer with this hash. It is weak, because compression changes the bytes and not the answer. */
export function answerEtag(hash: string): string {
  return `W/"${hash}"`;
}

/** Whether If-None-Match names the ETag of an answer, so that the client has the answer already. */
export function isUnchanged({ headers }: Pick<FastifyRequest, 'headers'>, etag: string): boolean {
  const known = headers['if-none-match']?.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
  return known.some((one) => one === '*' || opaquePart(one) === opaquePart(etag));
}

function opaquePart(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** The condition of a change, from If-Match and If-None-Match. Throws `RequestError`. */
export function conditionOf({ headers }: Pick<FastifyRequest, 'headers'>): Condition {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*')
    throw new RequestError('If-None-Match: must be *, which creates a document');
  return {
    ifMatch: ifMatch === undefined ? undefined : versionsOf(ifMatch.trim()),
    ifNoneMatch: ifNoneMatch === undefined ? undefined : '*',
  };
}

function versionsOf(text: string): '*' | number[] {
  if (text === '*') return '*';
  return text.split(',').map((part) => {
    const version = /^"(\d{1,9})"$/.exec(part.trim())?.[1];
    if (version === undefined)
      throw new RequestError('If-Match: must be * or an ETag such as "3", in its quotes');
    return Number(version);
  });
}
