/** The import rules of docs/architecture.md. There are no exceptions. */
const { rooms } = require('./scripts/rooms.cjs');

const roles = ['exporter', 'gate', 'portal', 'simulation'];

/** Files that decide and do no I/O: they take time and data as arguments. */
const pure = [
  '^src/prometheus/',
  '^src/exporter/metering/',
  '^src/gate/policy\\.ts$',
  '^src/portal/accounts/charges/',
  '^src/portal/ledger/accounting/',
  '^src/portal/access/rights/',
];

/** Sub-rooms import downwards in their order, and of the room's own files only those below them. */
const orderRules = rooms.flatMap(({ room, order, below = [] }) => [
  ...order.slice(1).map((name, index) => ({
    name: `${room}: ${name} imports downwards`,
    severity: 'error',
    from: { path: `^${room}/${name}/`, pathNot: '\\.test\\.tsx?$' },
    to: { path: `^${room}/(${order.slice(0, index + 1).join('|')})/` },
  })),
  {
    name: `${room}: sub-rooms import what stands below them`,
    severity: 'error',
    from: { path: `^${room}/(${order.join('|')})/`, pathNot: '\\.test\\.tsx?$' },
    to: { path: `^${room}/[^/]+$`, pathNot: `^${room}/(${below.join('|')})\\.tsx?$` },
  },
]);

module.exports = {
  forbidden: [
    ...orderRules,
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.test\\.tsx?$', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'roles-meet-over-http',
      comment:
        'A role never imports another role. The simulation may start roles; no role knows the simulation.',
      severity: 'error',
      from: { path: '^src/(exporter|gate|portal)/' },
      to: { path: '^src/(exporter|gate|portal|simulation)/', pathNot: '^src/$1/' },
    },
    {
      name: 'nothing-imports-the-command-line',
      severity: 'error',
      from: { pathNot: '^(src/cli|test)/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'ground-floor-imports-no-role',
      severity: 'error',
      from: { path: '^src/(enrolment|prometheus|runtime)/' },
      to: { path: `^src/(${roles.join('|')})/` },
    },
    {
      name: 'prometheus-knows-no-runtime',
      severity: 'error',
      from: { path: '^src/prometheus/' },
      to: { path: '^src/runtime/' },
    },
    {
      name: 'openstack-knows-no-metering',
      comment: 'src/exporter/openstack speaks to services; what their answers mean is decided outside it.',
      severity: 'error',
      from: { path: '^src/exporter/openstack/' },
      to: { path: '^src/exporter/(?!openstack/)' },
    },
    {
      name: 'api-knows-the-top-of-the-ledger-only',
      severity: 'error',
      from: { path: '^src/portal/api/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/portal/ledger/(store|accounting)/' },
    },
    {
      name: 'pages-know-types-of-wire-shapes-only',
      comment:
        'Each shape of an answer is declared in src/portal/api/shapes; the pages take only its type from there (.oxlintrc.json).',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|test)/', pathNot: '^src/portal/api/shapes/' },
    },
    {
      name: 'pure-does-no-io',
      severity: 'error',
      from: { path: pure, pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-imports-no-runtime-or-network',
      severity: 'error',
      from: { path: pure, pathNot: '\\.test\\.ts$' },
      to: { path: '^(src/runtime/|node_modules/(undici|pg|fastify|pino|kysely)/)' },
    },
    {
      name: 'only-the-simulation-knows-an-identity-provider',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/simulation/identity/open-id-provider\\.ts$' },
      to: { path: '^node_modules/(@types/)?oidc-provider/' },
    },
    {
      name: 'only-the-demo-loads-an-identity-provider',
      comment: 'It is loaded when the demo starts its provider, and by no other command.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/simulation/identity/open-id-provider\\.ts$', dynamic: false },
    },
    {
      name: 'product-files-serve-the-program',
      comment: 'What only tests import is not shipped: it lies in test/.',
      severity: 'error',
      from: { path: '^src/cli/main\\.ts$' },
      to: { path: '^src/', pathNot: ['\\.test\\.ts$', '\\.d\\.ts$'], reachable: false },
    },
    {
      name: 'product-imports-no-tests',
      severity: 'error',
      from: { path: '^(src|web)/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '(^test/|\\.test\\.tsx?$)' },
    },
    {
      name: 'product-imports-no-development-dependency',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
