/** Prints what a role's `--check` found, and lets the process exit with 1 unless the last line says `ready`. */
export function printCheck(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
  if (lines.at(-1)?.startsWith('ready') !== true) process.exitCode = 1;
}
