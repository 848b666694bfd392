import { statSync } from 'node:fs';
import type { Logger } from '../../runtime/logger.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import type { CloudModel } from '../model/cloud-model.ts';
import { changeLives, cloudOf, firstLives } from './profile-history.ts';
import { parseProfile, type Profile } from './profile.ts';

/** A profile file that is read again after each change. */
export interface ProfileFile {
  /** The cloud of the file. If the file is wrong, the cloud of its last good content. */
  model(nowMs: number): CloudModel;
}

/** Reads a profile file. Machines are up since `startMs`. Throws a `UserError` if the file is missing or wrong. */
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
        // The message of a UserError is complete; its cause would name the file again.
        const reason = error instanceof UserError ? error.message : describeError(error);
        logger.error({ reason }, 'the profile is wrong; its last good content stays in use');
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

/** A text that changes whenever the file changes; '' for a missing file. */
function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}
