import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile } from './profile.ts';

const PROFILE = `
[elixir]
domain_id = "e1"
[[elixir.projects]]
project_id = "p1"
project_name = "Müller \\"Boden\\""
[[elixir.projects.machines]]
[[elixir.projects.machines]]
ram = 0.5
cpus = 2
disk = 20
existence = [2026-03-01T00:00:00Z, 2026-03-02T01:00:00+01:00]
metadata = { project_name = "x", n = 1 }
instance_id = "i1"
`;

describe('a profile', () => {
  it('is read with its defaults', () => {
    const { domains, projects, machines } = parseProfile(PROFILE, 'p.toml');
    expect(domains).toEqual([{ id: 'e1', name: 'elixir' }]);
    expect(projects).toEqual([{ id: 'p1', name: 'Müller "Boden"', domainId: 'e1' }]);
    expect(
      machines.map(({ flavor, existence, metadata }) => [
        flavor.vcpus,
        flavor.memoryMb,
        flavor.diskGb,
        existence,
        metadata,
      ]),
    ).toEqual([
      [4, 8192, 0, { fromMs: undefined, toMs: undefined }, {}],
      [
        2,
        512,
        20,
        { fromMs: Date.UTC(2026, 2, 1), toMs: Date.UTC(2026, 2, 2) },
        { project_name: 'x', n: '1' },
      ],
    ]);
    expect(machines[1]?.id).toBe('i1');
  });

  it('derives missing ids from names, the same ids each time', () => {
    const read = () =>
      parseProfile('[d]\n[[d.projects]]\nproject_name = "a"\n[[d.projects.machines]]', 'p.toml');
    expect(read()).toEqual(read());
    expect(read().projects[0]?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(read().machines[0]?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('reads a time without a zone as UTC', () => {
    const text = '[d]\n[[d.projects]]\n[[d.projects.machines]]\nexistence = 2026-03-01T12:00:00';
    expect(parseProfile(text, 'p.toml').machines[0]?.existence?.fromMs).toBe(Date.UTC(2026, 2, 1, 12));
  });

  const machine = (line: string) => `[d]\n[[d.projects]]\n[[d.projects.machines]]\n${line}`;
  it.each([
    ['[d\n', 'p.toml:1:3: '],
    ['d = 1', 'p.toml: d: '],
    [machine('cpu = 4'), "p.toml: d.projects[1].machines[1]: unknown key 'cpu'; did you mean 'cpus'?"],
    [machine('cpus = 0'), 'p.toml: d.projects[1].machines[1].cpus: must be above zero'],
    [machine('ram = "8"'), 'p.toml: d.projects[1].machines[1].ram: must be a number of GiB'],
    [
      machine('existence = 5'),
      'p.toml: d.projects[1].machines[1].existence: must be true, false, a date-time',
    ],
    [
      machine('existence = [2026-03-02T00:00:00Z, 2026-03-01T00:00:00Z]'),
      'the second date-time must be later',
    ],
    [
      machine('instance_id = "a"\n[[d.projects.machines]]\ninstance_id = "a"'),
      'p.toml: instance_id appears twice: a',
    ],
  ])('is refused with one line that names the place of the error: %j', (text, message) => {
    expect(() => parseProfile(text, 'p.toml')).toThrow(
      expect.objectContaining({ name: 'UserError' }) as Error,
    );
    expect(() => parseProfile(text, 'p.toml')).toThrow(message);
    expect(() => parseProfile(text, 'p.toml')).not.toThrow('\n');
  });

  it.each(['site-a.toml', 'site-b.toml'])('in the examples is valid: %s', (name) => {
    const url = new URL(`../../../deploy/profiles/${name}`, import.meta.url);
    expect(parseProfile(readFileSync(url, 'utf8'), name).machines.length).toBeGreaterThan(3);
  });
});
