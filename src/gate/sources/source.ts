import type { ServerResponse } from 'node:http';
import { Refusal, type RefusalReason } from '../refusal.ts';
import type { ReadQuery, ReadResponseType } from '../../prometheus/remote/remote-read.ts';
import type { AnswerRules } from '../answers/text-examiner.ts';
import type { Selector } from '../policy.ts';

export interface FederationRequest {
  selectors: readonly Selector[];
  /** True if the answer may be compressed. */
  gzip: boolean;
  /** The rules of the answer; undefined to pass the answer without checking it. */
  rules: AnswerRules | undefined;
  /** Aborts when the client is gone or the answer has taken too long. */
  signal: AbortSignal;
}

export interface ReadRequest {
  queries: readonly ReadQuery[];
  /** The form of the answer that the client accepts. */
  answer: ReadResponseType;
  /** The selectors of all series that the answer may have; undefined to pass the answer without checking it. */
  allowed: readonly Selector[] | undefined;
  signal: AbortSignal;
}

/** A source of usage: the site's Prometheus, or the exporter. */
export interface Source {
  /**
   * Streams the answer of a federation. Rejects with `UpstreamFailure` if it fails before the first byte. A later failure
   * rejects with another error and breaks the connection, so that a part never looks like a complete answer.
   */
  federate(request: FederationRequest, response: ServerResponse): Promise<void>;
  /** Streams the answer of a remote read in the same way. Undefined where the source keeps no past samples. */
  read?: ((request: ReadRequest, response: ServerResponse) => Promise<void>) | undefined;
  close(): Promise<void>;
}

/** The source did not answer (504), or its answer cannot be passed on (502). `cause` is only for the log. */
export class UpstreamFailure extends Refusal {
  constructor(status: 502 | 504, cause: unknown, reason: RefusalReason = 'upstream') {
    const line = status === 504 ? 'the source of usage is too slow' : 'the source of usage is out of order';
    super(status, line, { cause, reason });
  }
}
