import { dayMs, hourMs } from '../../secrets/duration.ts';
import type {
  AuditedPeriod,
  HourCoverage,
  ReportingPeriod,
  SecretInventoryEntry,
} from '../../audit/model/audited-period.ts';
import { type Person, personOnRecord } from '../../provenance/person.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { CoverageDay, RotationLine, SecretLine, SecretStanding } from './report-model.ts';
import { secondText } from './wording.ts';

/** The last tenth of a validity: the secret is not overdue yet, but a reader should see it coming. */
const dueSoonShare = 0.9;

const ends = {
  dead: 'dead (shown)',
  'disabled-only': 'disabled only',
  'cannot-be-shown': 'cannot be shown',
  'in-grace': 'still in grace',
  'in-force': 'in force',
  'in-force-again': 'in force again',
  none: 'none (first value)',
  'perhaps-replaced': 'perhaps replaced',
} as const satisfies Record<RotationHistory['oldValue'], string>;

/** The outcome for the old value, in the report's words. */
export function oldValueText({ oldValue }: Pick<RotationHistory, 'oldValue'>): string {
  return ends[oldValue];
}

const publications = {
  published: 'time not known',
  'not-yet': 'not yet',
  never: 'never',
} as const satisfies Record<RotationHistory['publication'], string>;

/** `requested by ann: leaked in a chat; again by bob: the server is back`. */
function askedText({ trigger, askedBy, reason, asks }: RotationHistory): string {
  const said = (by: Person, words: string | null) => `${personOnRecord(by)}${words === null ? '' : `: ${words}`}`;
  const first = trigger !== 'person' || askedBy === null ? triggers[trigger] : `requested by ${said(askedBy, reason)}`;
  const again = asks.filter(({ what }) => what === 'request-again');
  return [first, ...again.map((ask) => `again by ${said(ask.by, ask.reason)}`)].join('; ');
}

const triggers = {
  event: 'started by a Key Vault event',
  reconciler: 'started by the reconciler',
  person: 'requested by a person',
} as const satisfies Record<RotationHistory['trigger'], string>;

/** Formats one rotation as a table row. */
export function rotationLine(rotation: RotationHistory): RotationLine {
  const time = (at: string | null): string => (at === null ? '–' : secondText(at));
  return {
    id: rotation.rotationId,
    secret: `${rotation.vault}/${rotation.secret}`,
    issuer: rotation.issuer,
    asked: askedText(rotation),
    emergency: rotation.emergency,
    claimedAt: secondText(rotation.claimedAt),
    state: rotation.state.replaceAll('-', ' '),
    fromVersion: rotation.fromVersion.slice(0, 8),
    publishedVersion: rotation.publishedVersion?.slice(0, 8) ?? '–',
    publishedAt: rotation.publishedAt === null ? publications[rotation.publication] : secondText(rotation.publishedAt),
    verifiedAt: time(rotation.verifiedAt),
    revokedAt: time(rotation.revokedAt),
    oldValue: oldValueText(rotation),
    failure: rotation.failure,
    note: rotation.note,
    approvals: [...rotation.approvals.map(approvalText), ...rotation.declines.map(declineText)].join('; '),
    places: rotation.places.map(placeText).join('; '),
    head: rotation.head,
  };
}

/** `break-glass: revoke approved by ann, 2026-03-09 14:00:00: nobody else is awake`. */
function approvalText({ step, by, at, breakGlass, reason }: RotationHistory['approvals'][number]): string {
  const why = reason === null ? '' : `: ${reason}`;
  return `${breakGlass ? 'break-glass: ' : ''}${step} approved by ${personOnRecord(by)}, ${secondText(at)}${why}`;
}

/** `gitea-actions-secret acme/shop DEPLOY_TOKEN, 2026-03-09 14:00:00`. */
function placeText({ place, givenAt }: RotationHistory['places'][number]): string {
  return `${place}, ${givenAt === null ? 'not given' : secondText(givenAt)}`;
}

/** `publish declined by bob, 2026-03-09 14:00:00: not before the audit`. */
function declineText({ step, by, at, reason }: RotationHistory['declines'][number]): string {
  return `${step} declined by ${personOnRecord(by)}, ${secondText(at)}: ${reason}`;
}

/** Formats the inventory as table rows; secrets with the greatest age against the policy first. */
export function secretLines(inventory: readonly SecretInventoryEntry[]): readonly SecretLine[] {
  return inventory
    .map((entry) => ({
      secret: `${entry.vault}/${entry.secret}`,
      version: entry.version,
      environment: entry.environment ?? 'not set',
      issuer: issuerText(entry),
      created: entry.created.slice(0, 10),
      expires: entry.expires?.slice(0, 10) ?? 'none',
      ageDays: Math.floor(entry.ageDays),
      validityDays: entry.validityDays,
      standing: standingOf(entry),
      reads: entry.reads,
      lastReadAt: entry.lastReadAt === null ? 'never' : secondText(entry.lastReadAt),
    }))
    .sort((a, b) => spent(b) - spent(a) || b.ageDays - a.ageDays || (a.secret < b.secret ? -1 : 1));
}

/** Who replaces the secret. */
function issuerText({ own, issuer, tracked, managed, owner }: SecretInventoryEntry): string {
  if (managed === true && tracked !== true) return 'a certificate of the vault';
  if (issuer !== null) return issuer;
  if (tracked === true) return owner === undefined ? 'people' : `people (${owner})`;
  return own === true ? "Keyturn's own" : 'not bound';
}

function standingOf({ enabled, ageDays, validityDays }: SecretInventoryEntry): SecretStanding {
  if (!enabled) return 'disabled';
  if (validityDays === null) return 'no policy';
  if (ageDays > validityDays) return 'past policy';
  return ageDays > validityDays * dueSoonShare ? 'due soon' : 'within policy';
}

function spent({ ageDays, validityDays }: { ageDays: number; validityDays: number | null }): number {
  return validityDays === null ? -1 : ageDays / validityDays;
}

const letters = { covered: 'c', gap: 'g', 'not-read': 'n' } as const satisfies Record<HourCoverage['state'], string>;

/** The calendar of hours: every day of the period, in order. An hour without a record counts as not read. */
export function coverageDays({ from, to }: ReportingPeriod, coverage: readonly HourCoverage[]): readonly CoverageDay[] {
  const known = new Map(coverage.map((hour) => [Date.parse(hour.hour), letters[hour.state]]));
  const days: CoverageDay[] = [];
  const first = Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate());
  for (let day = first; day < +to; day += dayMs) {
    const hours = Array.from({ length: 24 }, (_, hour) => {
      const at = day + hour * hourMs;
      return at + hourMs <= +from || at >= +to ? '-' : (known.get(at) ?? 'n');
    });
    days.push({ day: new Date(day).toISOString().slice(0, 10), hours: hours.join('') });
  }
  return days;
}

/** The hours of the calendar that were not read, as milliseconds since 1970. */
export function unreadHours(days: readonly CoverageDay[]): readonly number[] {
  return hoursOf(days, 'n');
}

/**
 * Spans of consecutive hours that are not covered, `2026-07-03 04:00 to 2026-07-04 06:00`, in order; a span may cross
 * days.
 */
export function uncoveredRuns(
  days: readonly CoverageDay[],
): readonly { readonly hours: string; readonly state: string }[] {
  const runs = (['g', 'n'] as const).flatMap((letter) => {
    const found: { start: number; end: number; letter: 'g' | 'n' }[] = [];
    for (const hour of hoursOf(days, letter)) {
      const last = found.at(-1);
      if (last?.end === hour) last.end = hour + hourMs;
      else found.push({ start: hour, end: hour + hourMs, letter });
    }
    return found;
  });
  return runs
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, letter }) => ({
      hours: `${hourText(start)} to ${hourText(end)}`,
      state:
        letter === 'g'
          ? "gap: the row of Keyturn's hourly canary read is missing, or Keyturn did not make that read"
          : 'not read',
    }));
}

function hoursOf(days: readonly CoverageDay[], letter: string): readonly number[] {
  return days.flatMap(({ day, hours }) =>
    hours.split('').flatMap((one, hour) => (one === letter ? [Date.parse(day) + hour * hourMs] : [])),
  );
}

function hourText(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

/** Builds the steps from all rows to the population, and states whether they add up. */
export function buildWaterfall(
  audited: AuditedPeriod,
  population: number,
): { steps: readonly { step: string; removed: number | null; left: number }[]; addsUp: boolean } {
  let left = audited.rowsRead;
  const steps: { step: string; removed: number | null; left: number }[] = [
    { step: 'Rows collected', removed: null, left },
  ];
  for (const { reason, count } of audited.exclusions) {
    left -= count;
    steps.push({ step: reason, removed: count, left });
  }
  return { steps, addsUp: left === population };
}
