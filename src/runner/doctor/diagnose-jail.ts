import type { BrokerConfiguration } from '../configuration/fetch-configuration.ts';
import { type Diagnosis, pass, warn } from './diagnosis.ts';

const advice =
  'Let jobs make user namespaces (seccomp and AppArmor refuse them in many containers), with util-linux 2.36 and iproute2 in the image; docs/fetch.md has the ways.';

/** Makes a jail as `exec --use` does, and says what keeps a command to the broker on this runner. */
export async function diagnoseJail({ jail }: BrokerConfiguration): Promise<Diagnosis> {
  const { findJail } = await import('../use/jail-grade.ts');
  const { grade, reason } = await findJail(process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  switch (grade) {
    case 'namespaces':
      return pass('jail', 'exec --use can jail a command on this runner');
    case 'container':
      return warn('jail', `no jail of the helper's own (${reason}); this container has no network`, advice);
    case 'cooperative':
      return jail === 'cooperative'
        ? warn('jail', `none (${reason}): exec --use keeps a command to the broker by variables alone`, advice)
        : warn('jail', `none (${reason}): exec --use refuses to run a command here`, advice);
  }
}
