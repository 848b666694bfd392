import { readdirSync, readFileSync } from 'node:fs';

/** CPU and memory of the PostgreSQL servers that a process started, from Linux' /proc. */
export interface PostgresUsage {
  /** CPU time of all processes of the servers since their start, user and system. */
  cpuMs: number;
  /** The current memory of all processes together. Shared memory counts once. */
  memoryMb: number;
}

const MS_PER_TICK = 10;

export function postgresUsage(parentPid: number): PostgresUsage {
  const all = processes();
  const servers = all.filter(({ parent, name }) => parent === parentPid && name === 'postgres');
  const family = all.filter(({ pid, parent }) =>
    servers.some((server) => [pid, parent].includes(server.pid)),
  );
  return {
    cpuMs: family.reduce((sum, { ticks }) => sum + ticks * MS_PER_TICK, 0),
    memoryMb: family.reduce((sum, { pid }) => sum + proportionalMb(pid), 0),
  };
}

interface ProcessRow {
  pid: number;
  name: string;
  parent: number;
  /** CPU time in clock ticks: its own, and that of its exited children. */
  ticks: number;
}

function processes(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = textOf(`/proc/${pid}/stat`);
      const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
      const fields = rest.split(' ').map(Number);
      const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
      return stat === '' ? [] : [{ pid: Number(pid), name, parent: fields[1] ?? 0, ticks }];
    });
}

function proportionalMb(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}

/** The text of a file; empty if the process has exited meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
