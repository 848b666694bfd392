import { TransientError } from '../../runtime/retry.ts';
import type { AnswerTiming } from './http.ts';
import type { Session } from './session.ts';

/**
 * What Nova's clock says, by the `Date` of its version document. Undefined where something before Nova does not let that
 * through; throws where Nova can't be reached.
 */
export async function readNovaClock(session: Session): Promise<AnswerTiming | undefined> {
  try {
    const { timing } = await session.get({ service: 'compute', path: '/' });
    return timing.dateMs === undefined ? undefined : timing;
  } catch (error) {
    if (error instanceof TransientError) throw error;
    return undefined;
  }
}
