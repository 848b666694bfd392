import { defineConfig } from 'vitest/config';

/** They change the one OpenStack of this machine, or notice its changes: one file at a time. */
const openstack = ['test/openstack/**/*.test.ts'];
/** For `npm run coverage`: the processes that tests start write what they ran into this folder. */
const coverage = process.env['STACKMETER_TEST_COVERAGE'];
// No test depends on speed: whatever takes as long as this hangs.
const common = {
  globalSetup: 'test/build.ts',
  testTimeout: 600_000,
  hookTimeout: 600_000,
  expect: { poll: { timeout: 240_000 } },
  env: coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'scripts/*.test.ts'],
          testTimeout: 300_000,
          setupFiles: 'test/property-limit.ts',
          // They keep nothing from each other, and a process for each file takes longer than the tests.
          isolate: false,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: openstack,
          ...common,
          globalSetup: [common.globalSetup, 'test/support/shared-postgresql.ts'],
          // Two at a time on two cores: most of them wait for servers more than they compute.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'openstack',
          include: openstack,
          ...common,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
