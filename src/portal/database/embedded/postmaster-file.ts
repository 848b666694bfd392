/** The facts about a running server in `postmaster.pid`. */
export interface PostmasterFile {
  pid: number;
  /** Undefined before the server listens. */
  socketFolder: string | undefined;
}

/**
 * Reads the lines of `postmaster.pid`: pid, data folder, start time, port, socket folder, … Undefined if the file is
 * incomplete. Source: PostgreSQL, src/include/utils/pidfile.h.
 */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const [pid, , , , socketFolder] = lines;
  if (lines.length < 5 || !/^\d+$/.test(pid ?? '')) return undefined;
  return { pid: Number(pid), socketFolder: socketFolder || undefined };
}

/** The setting with the folder of the cluster in the command line of our servers. */
export const FOLDER_SETTING = 'stackmeter.folder';

/** Whether a command line belongs to our server of `cluster`, and not to a later process with the same pid. */
export function isServerOf(cluster: string, commandLine: string): boolean {
  return /(^|\/)postgres\s/.test(commandLine) && `${commandLine} `.includes(` ${FOLDER_SETTING}=${cluster} `);
}
