import type { AnswerTiming } from './session/http.ts';
import type { Session } from './session/session.ts';

/**
 * Nova's clock, by the `Date` of its version document or of an error in its place. Undefined without a date. Throws if Nova does
 * not answer.
 */
export async function readNovaClock(session: Session): Promise<AnswerTiming | undefined> {
  const { timing } = await session.get({ service: 'compute', path: '/', onlyHeaders: true });
  return timing.dateMs === undefined ? undefined : timing;
}
