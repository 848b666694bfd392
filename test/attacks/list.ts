import type { Attack } from './attack.ts';
import { bodies } from './bodies.ts';
import { costs } from './costs.ts';
import { headers } from './headers.ts';
import { parameters } from './parameters.ts';
import { methods, paths } from './paths.ts';
import { remoteReads } from './remote-reads.ts';
import { selectors } from './selectors.ts';
import { smuggled } from './smuggled.ts';
import { tokens } from './tokens.ts';
import { wire } from './wire.ts';

export const ATTACKS: readonly Attack[] = [
  ...selectors,
  ...parameters,
  ...paths,
  ...methods,
  ...bodies,
  ...tokens,
  ...wire,
  ...headers,
  ...smuggled,
  ...remoteReads,
  ...costs,
];
