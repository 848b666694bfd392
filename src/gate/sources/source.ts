import type { ServerResponse } from 'node:http';
import { Refusal, type RefusalReason } from '../refusal.ts';
import type { ReadQuery, ReadResponseType } from '../../prometheus/remote/remote-read.ts';
import type { AnswerRules } from '../answers/answer-filter.ts';
import type { Selector } from '../policy.ts';

export interface FederationRequest {
  selectors: readonly Selector[];
  /** True if the answer may be compressed. */
  gzip: boolean;
  /** What the answer must keep to; it passes unopened where it is undefined. */
  rules: AnswerRules | undefined;
  /** Aborts when the client is gone or the answer has taken too long. */
  signal: AbortSignal;
}

export interface ReadRequest {
  queries: readonly ReadQuery[];
  /** The form that the client takes. */
  answer: ReadResponseType;
  /** What every series of the answer must be selected by; it passes unopened where it is undefined. */
  allowed: readonly Selector[] | undefined;
  signal: AbortSignal;
}

/** Where usage comes from: the site's Prometheus, or the exporter itself. */
export interface Source {
  /**
   * Streams the answer of a federation. Rejects with `UpstreamFailure` before anything was sent; what fails later breaks
   * the connection, so that a part never looks like the whole, and rejects with another error.
   */
  federate(request: FederationRequest, response: ServerResponse): Promise<void>;
  /** Streams the answer of a remote read in the same way; undefined where the source has no past. */
  read?: ((request: ReadRequest, response: ServerResponse) => Promise<void>) | undefined;
  close(): Promise<void>;
}

/** The source did not answer (504), or not in a way that can be passed on (502). `cause` is for the log alone. */
export class UpstreamFailure extends Refusal {
  constructor(status: 502 | 504, cause: unknown, reason: RefusalReason = 'upstream') {
    const line = status === 504 ? 'the source of usage is too slow' : 'the source of usage is out of order';
    super(status, line, { cause, reason });
  }
}
