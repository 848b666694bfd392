/**
 * Rooms with sub-rooms, and the order in which these import: a sub-room imports only from sub-rooms after it in the list.
 * Files directly in a room may import from its sub-rooms. Every sub-room may import the files in `below`.
 * @type {{ room: string, order: string[], below?: string[] }[]}
 */
module.exports.rooms = [
  {
    room: 'src/runtime',
    order: ['http', 'settings', 'files'],
    below: [
      'clock',
      'counted',
      'heap-growth',
      'in-turns',
      'lasting-failure',
      'logger',
      'regularly',
      'retry',
      'role',
      'text-pieces',
      'user-error',
      'version',
    ],
  },
  {
    room: 'src/exporter',
    order: ['cloud', 'exposition', 'state', 'settings', 'openstack', 'metering'],
  },
  { room: 'src/exporter/openstack', order: ['session', 'credentials'] },
  {
    room: 'src/gate',
    order: ['settings', 'listener', 'requests', 'sources', 'answers', 'tokens'],
    below: ['policy', 'refusal', 'metrics'],
  },
  { room: 'src/gate/sources', order: ['upstream'] },
  {
    room: 'src/portal',
    order: [
      'api',
      'prometheus-config',
      'collector',
      'remote-write',
      'leases',
      'settings',
      'ledger',
      'database',
    ],
    below: ['metrics'],
  },
  { room: 'src/portal/database', order: ['embedded'], below: ['advisory-keys', 'connection'] },
  { room: 'src/portal/api', order: ['routes', 'shapes'] },
  {
    room: 'src/portal/ledger',
    order: ['store', 'accounting'],
    below: [
      'ledger',
      'server-kind',
      'storage-policy',
      'lease-lost',
      'steps',
      'question-cost',
      'question-errors',
    ],
  },
  { room: 'src/portal/ledger/accounting', order: ['sweeps', 'sites', 'meters'] },
  { room: 'src/portal/ledger/store', order: ['answers', 'upkeep', 'sweeps', 'database', 'migrations'] },
  { room: 'src/portal/ledger/store/sweeps', order: ['write', 'load'] },
  {
    room: 'src/prometheus',
    order: ['remote', 'text-format', 'selectors'],
    below: ['label-text', 'metric-names', 'remembered', 'sample', 'steps', 'usage-metrics'],
  },
  {
    room: 'src/simulation',
    order: ['federation', 'profile', 'generated', 'api', 'model'],
    below: ['administrator', 'exporter-state', 'faults', 'simulated-cloud'],
  },
  { room: 'src/simulation/api', order: ['nova', 'keystone', 'context'] },
  {
    room: 'web/src',
    order: ['pages', 'tables', 'charts', 'controls', 'live'],
    below: [
      'api',
      'coverage',
      'format',
      'names',
      'period',
      'resources',
      'routing',
      'server-states',
      'site-state',
      'units',
      'use-page-title',
      'use-route',
    ],
  },
  { room: 'web/src/pages', order: ['overview', 'grant', 'project', 'usage', 'data'] },
];
