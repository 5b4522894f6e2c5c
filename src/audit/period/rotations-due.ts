import type { InventoriedSecret, InventorySnapshot, RotationDue } from '../model/audited-period.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { subjectOf } from '../model/retrieval-names.ts';
import { dueOf } from '../model/rotation-due.ts';

/** A row of a value that was set, whoever set it: a person who sets a new value by hand replaces the version too. */
interface ValueSet {
  /** Id of the row. */
  readonly id: string;
  readonly at: string;
  readonly version: string | null;
}

/** Values that were set, by lower-case `vault/secret`: plain data. */
export type ValueSets = ReadonlyMap<string, readonly ValueSet[]>;

/** A row and a version's own time of creation, which has whole seconds, are the same event if they differ by no more. */
const sameSetMs = 60_000;

/** Collects the rows that set a value. */
export function collectValueSets(): {
  see(retrieval: Retrieval): void;
  take(): ValueSets;
  /** Adds those of a later share. */
  absorb(share: ValueSets): void;
} {
  const sets = new Map<string, ValueSet[]>();
  const add = (subject: string, some: readonly ValueSet[]) => {
    const known = sets.get(subject);
    if (known === undefined) sets.set(subject, [...some]);
    else known.push(...some);
  };
  return {
    see(retrieval) {
      const { operation, status, id, at, version } = retrieval;
      if (operation !== 'SecretSet' || status < 200 || status >= 300) return;
      add(subjectOf(retrieval).toLowerCase(), [{ id, at, version }]);
    },
    take: () => sets,
    absorb(share) {
      for (const [subject, some] of share) add(subject, some);
    },
  };
}

/** A time in which the inventories listed one version as the newest of its secret. */
interface Reign {
  readonly secret: InventoriedSecret;
  /** Whether an inventory listed it as enabled after its time. */
  wasOver: boolean;
  /** When an inventory first showed it as disabled, after one that showed it as enabled. */
  disabledAt: string | null;
  /** The first of the inventories since the last one that listed the version; `null` while they list the secret. */
  goneAt: string | null;
  next: InventoriedSecret | null;
}

/** One version that came due or was replaced, with what a finding needs to know of it. */
export interface JudgedVersion extends RotationDue {
  readonly secret: InventoriedSecret;
  /** What ended it as the newest, enabled version: another version, a row of the log, or that it was disabled or deleted. */
  readonly ended: { readonly at: string; readonly by: string } | null;
}

/** Finds the versions that came due or were replaced in a period, from its inventories, in order, and the values that were set. */
export function trackRotationsDue(): {
  see(snapshot: InventorySnapshot): void;
  all(sets: ValueSets): readonly JudgedVersion[];
} {
  const reigns = new Map<string, Reign[]>();
  const seeSecret = (subject: string, secret: InventoriedSecret, at: string): void => {
    const known = reigns.get(subject) ?? [];
    reigns.set(subject, known);
    let last = known.at(-1);
    if (last?.secret.version !== secret.version) {
      if (last !== undefined) last.next = secret;
      last = { secret, wasOver: false, disabledAt: null, goneAt: null, next: null };
      known.push(last);
    } else {
      // It was deleted and recovered.
      last.goneAt = null;
      if (last.secret.enabled && !secret.enabled) last.disabledAt ??= at;
    }
    const due = dueOf(secret);
    if (due !== null && secret.enabled && Date.parse(due) <= Date.parse(at)) last.wasOver = true;
  };
  return {
    see({ at, entries }) {
      const listed = new Set<string>();
      for (const secret of entries) {
        const subject = `${secret.vault}/${secret.secret}`;
        listed.add(subject);
        seeSecret(subject, secret, at);
      }
      for (const [subject, known] of reigns) {
        const last = known.at(-1);
        if (last !== undefined && !listed.has(subject)) last.goneAt ??= at;
      }
    },
    all: (sets) =>
      [...reigns]
        .flatMap(([subject, ones]) => {
          const own = sets.get(subject.toLowerCase()) ?? [];
          return ones.flatMap((reign) => judge(subject, reign, own) ?? []);
        })
        .sort((a, b) => (a.due < b.due ? -1 : 1)),
  };
}

function judge(subject: string, { secret, wasOver, disabledAt, goneAt, next }: Reign, sets: readonly ValueSet[]) {
  const due = dueOf(secret);
  const replaced = replacement(subject, secret, next, sets);
  if (due === null || (replaced === null && !wasOver)) return null;
  const ends = [
    ...(disabledAt === null ? [] : [{ at: disabledAt, by: `${subject}@${secret.version} disabled` }]),
    ...(goneAt === null ? [] : [{ at: goneAt, by: `${subject} is no longer listed` }]),
    ...(replaced === null ? [] : [replaced]),
  ];
  const end = ends.reduce<(typeof ends)[number] | null>(
    (first, one) => (first === null || one.at < first.at ? one : first),
    null,
  );
  // What was disabled or deleted in time needed no other version by then.
  const isReplacedLate = end === replaced && replaced !== null && Date.parse(replaced.at) > Date.parse(due);
  const isLate = wasOver || (secret.enabled && isReplacedLate);
  const judged: JudgedVersion = {
    subject,
    version: secret.version,
    due,
    replacedAt: replaced?.at ?? null,
    replacedBy: replaced?.version ?? null,
    isLate,
    secret,
    ended: end === null ? null : { at: end.at, by: end.by },
  };
  return judged;
}

interface Replacement {
  readonly at: string;
  readonly version: string | null;
  readonly by: string;
}

/** The first value that was set over a version: the next one of the inventories, or one that came and went between two of them. */
function replacement(
  subject: string,
  { version, created }: InventoriedSecret,
  next: InventoriedSecret | null,
  sets: readonly ValueSet[],
): Replacement | null {
  const from = Date.parse(created);
  const to = next === null ? Number.POSITIVE_INFINITY : Date.parse(next.created) - sameSetMs;
  const set = sets.find((one) => {
    const at = Date.parse(one.at);
    const isItself = one.version === version || at <= from + sameSetMs;
    return !isItself && one.version !== next?.version && at < to;
  });
  if (set !== undefined) {
    // As precise as a version's own time: the end of the period must not change on which side of its time it was replaced.
    const at = new Date(Math.floor(Date.parse(set.at) / 1_000) * 1_000).toISOString();
    return { at, version: set.version, by: set.id };
  }
  return next === null ? null : { at: next.created, version: next.version, by: `${subject}@${next.version}` };
}
