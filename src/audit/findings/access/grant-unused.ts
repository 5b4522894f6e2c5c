import { dayMs } from '../../../secrets/duration.ts';
import { momentOf } from '../../parsing/moment.ts';
import type { Posture, VaultPosture } from '../../model/posture.ts';
import { createReadsOnRecord, type ReadRun } from '../../period/reads-on-record.ts';
import type { ReaderGrant } from '../../posture/effective-readers.ts';
import { readersByScope } from '../../posture/grant-days.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** How long a grant may stay unused. */
export const unusedDays = 90;
const unusedMs = unusedDays * dayMs;

/** A grant from its beginning to the look that no longer shows it (`to`; `null`: it lasts). Milliseconds. */
interface GrantLife {
  readonly principalId: string;
  readonly vault: string;
  /** `null` for a grant that reaches the whole vault. */
  readonly secret: string | null;
  readonly grant: ReaderGrant;
  readonly from: number;
  to: number | null;
}

/** A time of ninety days and more in which a grant was not used. `by`: the read or the look that ended it; `null`: none. */
interface QuietTime {
  readonly from: number;
  readonly to: number;
  readonly by: string | null;
}

/**
 * Identities that could read for ninety days and never did, at any moment of the period: a read, or the end of the grant,
 * ends the exception and does not undo it. Keyturn's own and the platform's are left out: they read when something is due.
 * Found only if ninety days of rows are on record.
 */
export const grantUnused: FindingRuleFactory = ({ period, policyAt, earlierReads }) => {
  const inPeriod = createReadsOnRecord();
  const lives = createGrantLives();
  const look = (posture: Posture): void => {
    const { identities } = policyAt(posture.at);
    lives.look(posture, (principalId) => {
      const role = identities.get(principalId)?.role ?? 'runner';
      return role === 'runner';
    });
  };
  return {
    see(retrieval) {
      inPeriod.see(retrieval);
      return undefined;
    },
    take: () => inPeriod.all(),
    absorb(share: ReturnType<typeof inPeriod.all>) {
      for (const reads of share) inPeriod.add(reads);
    },
    // An access policy states no beginning, so a report of a month must know of the months before.
    lookEarlier: look,
    look,
    findings({ asOf, settledTo, rowsSince }) {
      const tally = createFindingTally('grant-unused');
      const known = Math.min(asOf, settledTo);
      const since = Math.max(rowsSince ?? Number.POSITIVE_INFINITY, period.from.getTime() - unusedMs);
      for (const { principalId, vault, secret, grant, from, to } of lives.all()) {
        const reads = [earlierReads, inPeriod].flatMap((one) => one.runsOf(principalId, vault, secret));
        const subject = secret === null ? vault : `${vault}/${secret}`;
        for (const quiet of quietTimes(Math.max(from, since), reads, { to: to ?? known, ended: to })) {
          // What ended before the period is an exception of an earlier one.
          if (quiet.to < period.from.getTime()) continue;
          const at = new Date(Math.max(quiet.from + unusedMs, period.from.getTime())).toISOString();
          const end = new Date(quiet.to).toISOString();
          tally.add({
            subject,
            key: `${principalId} ${grant.id}`,
            severity: 'low',
            at,
            evidence: `${principalId} ${grant.id}`,
            description: () =>
              `${principalId} could read ${secret === null ? `every secret of ${vault}` : subject} (${grant.role}) and read nothing of it in ${String(unusedDays)} days and more, up to ${end}.`,
          });
          if (quiet.by !== null) tally.end(subject, `${principalId} ${grant.id}`, { at: end, by: quiet.by });
        }
      }
      return tally.findings();
    },
  };
};

/** The times of ninety days and more between reads, and before and after them. `reads`: by their beginning. */
function quietTimes(
  from: number,
  reads: readonly ReadRun[],
  end: { readonly to: number; readonly ended: number | null },
): readonly QuietTime[] {
  const found: QuietTime[] = [];
  let since = from;
  for (const { from: first, to: last, first: by } of reads) {
    const at = Math.min(momentOf(first), end.to);
    if (at - since >= unusedMs) found.push({ from: since, to: at, by: at < end.to ? by : null });
    since = Math.max(since, momentOf(last));
  }
  if (end.to - since < unusedMs) return found;
  const { ended, to } = end;
  return [...found, { from: since, to, by: ended === null ? null : `the look of ${new Date(ended).toISOString()}` }];
}

/** Follows grants from look to look. */
function createGrantLives(): {
  /** `counts`: whether a grant of this identity may go unused. */
  look(posture: Posture, counts: (principalId: string) => boolean): void;
  all(): readonly GrantLife[];
} {
  const ended: GrantLife[] = [];
  const lasting = new Map<string, GrantLife>();
  return {
    look(posture, counts) {
      for (const vault of posture.vaults) {
        const grants = grantsOn(posture, vault);
        if (grants === null) continue;
        const shown = new Set<string>();
        for (const { principalId, secret, grant } of grants) {
          if (!counts(principalId)) continue;
          const key = [vault.vault, secret ?? '', principalId, grant.id].join(' ');
          shown.add(key);
          if (lasting.has(key)) continue;
          const from = beganAt(posture, grant);
          lasting.set(key, { principalId, vault: vault.vault, secret, grant, from, to: null });
        }
        for (const [key, life] of lasting) {
          if (life.vault !== vault.vault || shown.has(key)) continue;
          life.to = Date.parse(posture.at);
          ended.push(life);
          lasting.delete(key);
        }
      }
    },
    all: () => [...ended, ...lasting.values()],
  };
}

/** Every grant that lets an identity read without further ado; `null` if grants were not seen. */
function grantsOn(posture: Posture, vault: VaultPosture) {
  const found: { principalId: string; secret: string | null; grant: ReaderGrant }[] = [];
  for (const [index, readers] of readersByScope(posture, vault).entries()) {
    if (readers.outcome === 'not-seen') return null;
    for (const { principalId, grants } of readers.value) {
      for (const grant of grants) {
        // A grant on the vault is one grant, whatever it reaches.
        const isOwn = (grant.reach === 'secret') === index > 0;
        if (grant.verdict !== 'may-read' || !isOwn) continue;
        const secret = grant.reach === 'secret' ? (grant.scope.split('/').at(-1) ?? '') : null;
        found.push({ principalId, secret, grant });
      }
    }
  }
  return found;
}

/**
 * When a grant began: a role assignment says it. An access policy, and what a member of a group has, are as old as the first
 * look that shows them.
 */
function beganAt(posture: Posture, grant: ReaderGrant): number {
  if (grant.group !== null) return Date.parse(posture.at);
  for (const { assignments } of posture.subscriptions) {
    const found = assignments.outcome === 'seen' ? assignments.value.find(({ id }) => id === grant.id) : undefined;
    if (found?.createdAt != null) return Date.parse(found.createdAt);
  }
  return Date.parse(posture.at);
}
