import { spawnSync } from 'node:child_process';
import { findJail, isWithoutNetwork } from '../../../src/runner/use/jail-grade.ts';
import { skipUnless } from '../../skip-unless.ts';

const { grade, reason } = await findJail(process.getuid?.() ?? 0, process.getgid?.() ?? 0);
const hasCurl = spawnSync('curl', ['--version'], { cwd: '/' }).status === 0;
const isRoot = process.getuid?.() === 0;

/** Whether this machine makes jails. */
export const makesJails = grade === 'namespaces';
const noJail = `this machine makes no jail: ${reason}`;

/** Skips a test where this machine makes no jail, or has no curl to try its walls with. */
export const jailed = skipUnless(makesJails && hasCurl, makesJails ? 'curl is not installed on this machine' : noJail);

/** Skips it also where the memory of jailed processes cannot be read. */
export const jailedAsRoot = skipUnless(
  makesJails && isRoot,
  makesJails ? 'only root reads the memory of jailed processes' : noJail,
);

/** Skips a test of a command that is kept by variables alone: a machine without a network keeps it by that. */
export const withNetwork = skipUnless(
  !isWithoutNetwork() && hasCurl,
  'this machine has no network, which jails a command, or no curl',
);
