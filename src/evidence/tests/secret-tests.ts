import type { FindingRule } from '../../audit/model/finding.ts';
import type { ControlTestFactory } from './control-test.ts';

/** Tests over secrets, as the daily inventories list them. */
export const secretTests: Readonly<Record<string, ControlTestFactory>> = {
  'expiry-set': daily(['secret-without-expiry'], 'it has no expiry date', 'disabled, or of Keyturn itself'),
  'tags-within-policy': daily(
    ['tag-malformed', 'tag-widened'],
    'a tag is invalid or asks for more than the policy allows',
    'not bound by the policy',
  ),
  'rotation-on-time': (_material, tally) => ({
    finish(audited) {
      for (const { subject, version, due, replacedAt, isLate } of audited.rotationsDue) {
        const why = replacedAt === null ? `due on ${due}, not replaced` : `due on ${due}, replaced on ${replacedAt}`;
        if (isLate) tally.deviate({ event: `${subject}@${version}`, at: due, subject, why });
        else tally.keep();
      }
    },
  }),
  'secrets-in-use': (_material, tally) => ({
    finish(audited) {
      const unread = new Map(
        audited.findings
          .filter(({ rule }) => rule === 'secret-never-read')
          .map(({ subject, firstAt, ended }) => [subject, { firstAt, until: ended?.at ?? 'the end' }]),
      );
      for (const { vault, secret, version, enabled, own, reads } of audited.inventory) {
        const subject = `${vault}/${secret}`;
        const found = unread.get(subject);
        if (found !== undefined) {
          const why = `nobody read it from ${found.firstAt} to ${found.until}`;
          tally.deviate({ event: `${subject}@${version}`, at: found.firstAt, subject, why });
        } else if (own === true || !enabled) tally.skip('disabled, or of Keyturn itself');
        else if (reads > 0) tally.keep();
        else tally.skip('not seen for four weeks');
      }
    },
  }),
};

function daily(rules: readonly FindingRule[], why: string, untested: string): ControlTestFactory {
  return (_material, tally) => ({
    secretDay({ day, at, secret, judgements }) {
      const subject = `${secret.vault}/${secret.secret}`;
      const said = rules.map((rule) => judgements.get(rule));
      if (said.includes('broken')) tally.deviate({ event: `${subject}@${secret.version} ${day}`, at, subject, why });
      else if (said.includes('kept')) tally.keep();
      else tally.skip(untested);
    },
  });
}
