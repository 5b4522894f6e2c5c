import type { FindingRuleFactory } from '../finding-rule.ts';
import { createLastingTally } from '../lasting-tally.ts';

/** Secrets that never expire: no event will ever announce that they are due. Keyturn's own secrets announce nothing. */
export const secretWithoutExpiry: FindingRuleFactory = () =>
  createLastingTally('secret-without-expiry', ({ vault, secret, version, enabled, created, expires, own }) => {
    if (!enabled || own === true) return;
    if (expires !== null) return [];
    const subject = `${vault}/${secret}`;
    const description = () => `${subject} has no expiry date, so no event will announce that it is due.`;
    return [{ key: version, severity: 'medium', at: created, evidence: `${subject}@${version}`, description }];
  });
