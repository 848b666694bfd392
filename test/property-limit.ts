import { configureGlobal } from 'fast-check';

/**
 * No property of a unit test takes a tenth of this. A property that fails is tried with smaller values until none fails,
 * which can take days, and no limit of vitest ends a test that leaves no turn of the event loop to others.
 */
configureGlobal({ interruptAfterTimeLimit: 120_000, markInterruptAsFailure: true });
