import type { InventoriedSecret, SecretDay } from '../../audit/model/audited-period.ts';
import type { FindingRule } from '../../audit/model/finding.ts';
import { dueOf } from '../../audit/model/rotation-due.ts';
import type { ControlTestFactory } from './control-test.ts';

/** Tests over secrets, as the daily inventories list them. */
export const secretTests: Readonly<Record<string, ControlTestFactory>> = {
  'expiry-set': daily(['secret-without-expiry'], 'it has no expiry date', 'disabled, or of Keyturn itself'),
  'tags-within-policy': daily(
    ['tag-malformed', 'tag-widened'],
    'a tag is invalid or asks for more than the policy allows',
    'not bound by the policy',
  ),
  'rotation-on-time': (_material, tally) => {
    const dues = listRotationsDue();
    return {
      secretDay: (day) => dues.see(day),
      finish() {
        for (const { subject, version, due, replacedAt, isLate } of dues.all()) {
          const why = replacedAt === null ? `due on ${due}, not replaced` : `due on ${due}, replaced on ${replacedAt}`;
          if (isLate) tally.deviate({ event: `${subject}@${version}`, at: due, subject, why });
          else tally.keep();
        }
      },
    };
  },
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

/** One version that came due in the period, or was replaced in it. */
export interface RotationDue {
  /** `vault/secret`. */
  readonly subject: string;
  readonly version: string;
  readonly due: string;
  readonly replacedAt: string | null;
  readonly replacedBy: string | null;
  readonly isLate: boolean;
}

/** Finds the versions that came due, while the inventories of a period pass in order. */
export function listRotationsDue(): { see(day: SecretDay): void; all(): readonly RotationDue[] } {
  const newest = new Map<string, { readonly secret: InventoriedSecret; readonly at: string }>();
  const replaced: RotationDue[] = [];
  return {
    see({ secret, at }) {
      const subject = `${secret.vault}/${secret.secret}`;
      const before = newest.get(subject)?.secret;
      newest.set(subject, { secret, at });
      if (before === undefined || before.version === secret.version) return;
      const due = dueOf(before);
      if (due === null) return;
      const isLate = before.enabled && Date.parse(secret.created) > Date.parse(due);
      replaced.push({
        subject,
        version: before.version,
        due,
        replacedAt: secret.created,
        replacedBy: secret.version,
        isLate,
      });
    },
    all() {
      const open = [...newest].flatMap(([subject, { secret, at }]): RotationDue[] => {
        const due = dueOf(secret);
        if (due === null || !secret.enabled || Date.parse(due) > Date.parse(at)) return [];
        return [{ subject, version: secret.version, due, replacedAt: null, replacedBy: null, isLate: true }];
      });
      return [...replaced, ...open].sort((a, b) => (a.due < b.due ? -1 : 1));
    },
  };
}

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
