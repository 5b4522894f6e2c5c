import { momentOf } from '../../parsing/moment.ts';
import { dayMs } from '../../../secrets/duration.ts';
import type { InventorySnapshot } from '../../model/audited-period.ts';
import { subjectOf } from '../../model/retrieval-names.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** How long nobody may read a secret before it counts as unused; the shortest month has as many days. */
const unreadDays = 28;

/** A time in which an enabled secret was listed and nobody read it; milliseconds. `by`: what ended it. */
interface UnreadTime {
  readonly subject: string;
  readonly from: number;
  readonly to: number | null;
  readonly by: string;
}

/** Reads of a secret that are less than four weeks apart: what a share of the period tells of them. `by`: the first one. */
interface ReadRun {
  readonly from: number;
  to: number;
  readonly by: string;
}

/**
 * Secrets that nobody read for four weeks of the period: an unused secret should not exist. A read ends the exception and
 * does not undo it, so the findings of a period are among those of a longer one. Nothing is known of times without rows.
 */
export const secretNeverRead: FindingRuleFactory = ({ period }) => {
  const listed = createListedTimes(period.from.getTime());
  const unreadSince = new Map<string, number>();
  const closed: UnreadTime[] = [];
  const runs = new Map<string, ReadRun[]>();

  function addRead(subject: string, { from: at, to, by }: ReadRun): void {
    for (const time of listed.of(subject)) {
      const from = Math.max(time.from, unreadSince.get(subject) ?? time.from);
      const isWithin = at >= from && (time.to === null || at < time.to);
      if (isWithin && isLong(from, at)) closed.push({ subject: time.subject, from, to: at, by });
    }
    unreadSince.set(subject, to);
  }

  return {
    seeInventory(snapshot) {
      listed.see(snapshot);
      return new Map();
    },
    see(retrieval, attribution) {
      if (attribution === null) return undefined;
      const subject = subjectOf(retrieval);
      const at = momentOf(retrieval.at);
      addRead(subject, { from: at, to: at, by: retrieval.id });
      const known = runs.get(subject) ?? [];
      runs.set(subject, known);
      const last = known.at(-1);
      if (last === undefined || isLong(last.to, at)) known.push({ from: at, to: at, by: retrieval.id });
      else last.to = at;
      return undefined;
    },
    take: () => runs,
    absorb(share: typeof runs) {
      for (const [subject, some] of share) for (const run of some) addRead(subject, run);
    },
    findings({ asOf, settledTo, rowsSince }) {
      const tally = createFindingTally('secret-never-read');
      const known = Math.min(asOf, settledTo);
      const open = listed.all().map((time): UnreadTime => {
        return { ...time, from: Math.max(time.from, unreadSince.get(time.subject.toLowerCase()) ?? time.from) };
      });
      for (const { subject, from, to, by } of [...closed, ...open]) {
        const since = Math.max(from, rowsSince ?? Number.POSITIVE_INFINITY);
        const until = Math.min(to ?? known, known);
        if (!isLong(since, until)) continue;
        const at = new Date(since).toISOString();
        const description = () => `Nobody read ${subject} from ${at} to ${new Date(until).toISOString()}.`;
        tally.add({ subject, key: at, severity: 'low', at, evidence: `${subject} ${at}`, description });
        if (to !== null && to <= known) tally.end(subject, at, { at: new Date(to).toISOString(), by });
      }
      return tally.findings();
    },
  };
};

function isLong(from: number, to: number): boolean {
  return to - from >= unreadDays * dayMs;
}

/** When each secret was listed and enabled, by the inventories of a period. Keyturn's own secrets are left out. */
function createListedTimes(start: number): {
  see(snapshot: InventorySnapshot): void;
  of(subject: string): readonly UnreadTime[];
  all(): readonly UnreadTime[];
} {
  const times = new Map<string, UnreadTime[]>();
  // What the first inventory lists was there before; what a later one lists came after the one before it.
  let before = start;
  return {
    see({ at, entries }) {
      const moment = Date.parse(at);
      const enabled = new Set<string>();
      for (const { vault, secret, created, enabled: isEnabled, own } of entries) {
        const subject = `${vault}/${secret}`;
        const key = subject.toLowerCase();
        if (!isEnabled || own === true) continue;
        enabled.add(key);
        const known = times.get(key) ?? [];
        times.set(key, known);
        if (known.at(-1)?.to === null) continue;
        known.push({ subject, from: Math.max(before, Date.parse(created)), to: null, by: '' });
      }
      for (const [key, known] of times) {
        const last = known.at(-1);
        if (enabled.has(key) || last?.to !== null) continue;
        known[known.length - 1] = { ...last, to: moment, by: `${last.subject} disabled or no longer listed` };
      }
      before = moment;
    },
    of: (subject) => times.get(subject) ?? [],
    all: () => [...times.values()].flat(),
  };
}
