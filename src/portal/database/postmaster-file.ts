/** What a running server says of itself in `postmaster.pid`. */
export interface PostmasterFile {
  pid: number;
  dataFolder: string;
  port: number;
  /** Undefined before the server listens. */
  socketFolder: string | undefined;
}

/**
 * Reads the lines of `postmaster.pid`: pid, data folder, start time, port, socket folder, … Undefined where the file
 * is cut off. Source: PostgreSQL, src/include/utils/pidfile.h.
 */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const [pid, dataFolder, , port, socketFolder] = text.split('\n').map((line) => line.trim());
  if (!/^\d+$/.test(pid ?? '') || !dataFolder) return undefined;
  return { pid: Number(pid), dataFolder, port: Number(port) || 0, socketFolder: socketFolder || undefined };
}

/** Whether a command line is that of the server of `cluster`, and not of a later process with the same pid. */
export function isServerOf(cluster: string, commandLine: string): boolean {
  return /(^|\/)postgres\s/.test(commandLine) && ` ${commandLine} `.includes(` -D ${cluster} `);
}
