// Runs a role in fast motion. Arguments: the role's name, the time's file, and flags as JSON. The rest is as in src/cli.
import { settingsSources } from '../../src/cli/options.ts';
import { createExporter } from '../../src/exporter/exporter.ts';
import { readExporterConfigs } from '../../src/exporter/settings/config.ts';
import { createGate } from '../../src/gate/server.ts';
import { readGateConfig } from '../../src/gate/settings/settings.ts';
import { createPortal } from '../../src/portal/portal.ts';
import { readPortalConfig } from '../../src/portal/settings/settings.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { runUntilSignal } from '../../src/runtime/lifecycle.ts';
import { createLogger, type Logger } from '../../src/runtime/logger.ts';
import type { Role } from '../../src/runtime/role.ts';
import type { SettingsSources } from '../../src/runtime/settings/settings.ts';
import { timeOfFile } from './fast-time.ts';

const ROLES: Record<string, (sources: SettingsSources, parts: { clock: Clock; logger: Logger }) => Role> = {
  exporter: (sources, parts) => createExporter(readExporterConfigs(sources), parts),
  gate: (sources, parts) => createGate(readGateConfig(sources), parts),
  portal: (sources, parts) => createPortal(readPortalConfig(sources), parts),
};

const [name = '', time = '', flags = ''] = process.argv.slice(2);
const logger = createLogger();
const clock = timeOfFile(time);
const role = ROLES[name]?.(settingsSources(JSON.parse(flags) as Record<string, unknown>), { clock, logger });
if (role === undefined) throw new Error(`there is no role '${name}'`);
await runUntilSignal(role, logger);
