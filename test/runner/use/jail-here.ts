import { findJail } from '../../../src/runner/use/jail-grade.ts';
import { skipUnless } from '../../skip-unless.ts';

const { grade, reason } = await findJail(process.getuid?.() ?? 0, process.getgid?.() ?? 0);

/** Whether this machine makes jails. */
export const makesJails = grade === 'namespaces';

/** Skips a test where this machine makes no jail. */
export const jailed = skipUnless(makesJails, `this machine makes no jail: ${reason}`);

/** Skips it also where the memory of jailed processes cannot be read. */
export const jailedAsRoot = skipUnless(
  makesJails && process.getuid?.() === 0,
  makesJails ? 'only root reads the memory of jailed processes' : `this machine makes no jail: ${reason}`,
);
