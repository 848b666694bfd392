import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const packageJson = JSON.parse(read('package.json')) as {
  engines: { node: string };
  scripts: Record<string, string>;
};

interface Step {
  run?: string;
  uses?: string;
}
interface Workflow {
  jobs: Record<string, { steps: Step[]; strategy?: { matrix: { node?: string[] } } }>;
}

const files = readdirSync(join(root, '.github'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yml'))
  .map((file) => `.github/${file}`);
const workflows = files.filter((file) => file.startsWith('.github/workflows/'));
const stepsOf = (file: string) =>
  Object.values((parse(read(file)) as Workflow).jobs).flatMap(({ steps }) => steps);

describe('.github', () => {
  it.each(files)('%s is YAML', (file) => {
    expect(parse(read(file))).toBeTypeOf('object');
  });

  it.each(workflows)('%s runs only scripts that exist', (file) => {
    const missing = stepsOf(file)
      .flatMap(({ run = '' }) => run.split('\n'))
      .filter((line) => {
        const [, script] = /^npm (?:run )?([\w:-]+)/.exec(line) ?? [];
        if (script !== undefined) return script !== 'ci' && packageJson.scripts[script] === undefined;
        return line.includes('/') && !existsSync(join(root, line.split(' ')[0] ?? ''));
      });
    expect(missing).toEqual([]);
  });

  it.each(workflows)('%s names each action by its full commit', (file) => {
    const actions = [...read(file).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(actions.filter((action) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action ?? ''))).toEqual([]);
  });

  it('tests on the oldest Node.js that package.json allows', () => {
    const { jobs } = parse(read('.github/workflows/ci.yml')) as Workflow;
    expect(`>=${jobs['test']?.strategy?.matrix.node?.[0]}`).toBe(packageJson.engines.node);
  });
});
