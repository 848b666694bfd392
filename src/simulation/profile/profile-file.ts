import { statSync } from 'node:fs';
import type { Logger } from '../../runtime/logger.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import type { CloudModel } from '../model/cloud-model.ts';
import { changeLives, cloudOf, firstLives } from './profile-history.ts';
import { parseProfile, type Profile } from './profile.ts';

/** A profile file that is followed: read again when it has changed. */
export interface ProfileFile {
  /** The cloud as the file has it; of a file that has become wrong, as the last good one had it. */
  model(nowMs: number): CloudModel;
}

/** Reads a profile file; throws a `UserError` for one that is missing or wrong. `startMs`: since when its machines are up. */
export function openProfileFile(path: string, startMs: number, logger: Logger): ProfileFile {
  let stamp = stampOf(path);
  const first = readProfile(path);
  let lives = firstLives(first, startMs);
  let model = cloudOf(first, lives);
  const change = (profile: Profile, nowMs: number) => {
    lives = changeLives(lives, profile, nowMs, startMs);
    model = cloudOf(profile, lives);
    logger.info({ file: path }, 'profile read again');
  };
  return {
    model: (nowMs) => {
      const found = stampOf(path);
      if (found === stamp) return model;
      stamp = found;
      try {
        change(readProfile(path), nowMs);
      } catch (error) {
        // A user's error says it all in its own line; its cause would repeat the file.
        const reason = error instanceof UserError ? error.message : describeError(error);
        logger.error({ reason }, 'profile is wrong, the last good one stays');
      }
      return model;
    },
  };
}

function readProfile(path: string): Profile {
  return parseProfile(readText(path), path);
}

function readText(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UserError(`cannot read the profile ${path}: ${describeError(error)}`, { cause: error });
  }
}

/** Changes whenever the file does; '' for a file that is not there. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}
