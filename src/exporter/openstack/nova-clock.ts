import type { AnswerTiming } from './session/http.ts';
import type { Session } from './session/session.ts';

/**
 * What Nova's clock says, by the `Date` of its version document, or of the error in its place. Undefined where there is
 * none; throws where Nova can't be reached.
 */
export async function readNovaClock(session: Session): Promise<AnswerTiming | undefined> {
  const { timing } = await session.get({ service: 'compute', path: '/', onlyHeaders: true });
  return timing.dateMs === undefined ? undefined : timing;
}
