import type { ControlTestFactory } from './control-test.ts';

/** Tests over the looks at how the vaults are set up. */
export const setupTests: Readonly<Record<string, ControlTestFactory>> = {
  'setup-unchanged': (_material, tally) => ({
    finish(audited) {
      for (const { at, vault, changes } of audited.access.setupLooks) {
        if (changes.length === 0) tally.keep();
        else tally.deviate({ event: `${vault} ${at}`, at, subject: vault, why: changes.join('; ') });
      }
    },
  }),
  'vaults-shielded': (_material, tally) => ({
    finish(audited) {
      for (const { at, vault, publicAccess, firewall } of audited.access.setupLooks) {
        const why = 'the vault answers requests from every address';
        if (!publicAccess || firewall.defaultAction === 'deny') tally.keep();
        else tally.deviate({ event: `${vault} ${at}`, at, subject: vault, why });
      }
    },
  }),
  'deletion-recoverable': (_material, tally) => ({
    finish(audited) {
      for (const { at, vault, softDelete, purgeProtection } of audited.access.setupLooks) {
        const off = [...(softDelete ? [] : ['soft delete']), ...(purgeProtection ? [] : ['purge protection'])];
        if (off.length === 0) tally.keep();
        else tally.deviate({ event: `${vault} ${at}`, at, subject: vault, why: `${off.join(' and ')} off` });
      }
    },
  }),
};
