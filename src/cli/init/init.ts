import { Command } from 'commander';
import { initPortal } from './portal.ts';
import { withQuestions } from './questions.ts';
import { initSite } from './site.ts';

interface InitFlags {
  folder: string;
  yes?: boolean;
}

export function initCommand(): Command {
  return new Command('init')
    .description('writes a commented configuration; asks what it cannot find out')
    .addCommand(
      withFlags(
        new Command('site').description('exporter.toml and gate.toml, and a certificate if there is none'),
      ).action(
        async ({ folder, yes = false }: InitFlags) =>
          await withQuestions(yes, async (ask) => await initSite(folder, ask, Date.now())),
      ),
    )
    .addCommand(
      withFlags(new Command('portal').description('portal.toml')).action(
        async ({ folder, yes = false }: InitFlags) =>
          await withQuestions(yes, async (ask) => await initPortal(folder, ask)),
      ),
    );
}

function withFlags(command: Command): Command {
  return command
    .option('--folder <DIR>', 'folder of the files; they are not replaced', '.')
    .option('--yes', 'do not ask: each proposal is the answer');
}
