import { attributionReasons } from '../../audit/model/attribution-reasons.ts';
import { type Attribution, type Grade, gradeGroups } from '../../audit/model/attribution.ts';
import type { AuditedEvent } from '../../audit/model/audited-period.ts';
import type { FindingStep } from '../../audit/model/finding-life.ts';
import type { Finding, FindingRule } from '../../audit/model/finding.ts';
import { callerOf, subjectOf } from '../../audit/model/retrieval-names.ts';
import type { ControlTestFactory, Deviation, TestTally } from './control-test.ts';

const tied: ReadonlySet<Grade> = new Set(gradeGroups['tied to a job']);
const open: ReadonlySet<Grade> = new Set([...gradeGroups['not tied'], ...gradeGroups.suspicious]);

/** Tests over the reads of the population. */
export const readTests: Readonly<Record<string, ControlTestFactory>> = {
  'reads-accounted': ({ policyAt }, tally) => ({
    event({ retrieval, attribution }) {
      if (attribution === null) return;
      const { grade, reason } = attribution;
      if (policyAt(retrieval.at).identities.size === 0) tally.skip('while the policy lists no identity');
      else if (open.has(grade))
        tally.deviate(deviation({ retrieval }, `${grade}: ${attributionReasons[reason] ?? reason}`));
      else tally.keep();
    },
  }),
  'identities-known': ruled(
    'unknown-identity-read',
    'the policy does not list the identity',
    ({ retrieval: { identity } }) => {
      if (identity.kind === 'person') return 'by a person, whom no policy lists';
      return identity.kind === 'none' ? 'whose rows name no identity' : 'while the policy lists no identity';
    },
  ),
  'reads-inside-namespace': (_material, tally) => ({
    event(event) {
      const { attribution, judgements } = event;
      if (attribution === null) return;
      const judgement = judgements.get('read-outside-namespace');
      // A claim is no tie, so it keeps nothing; but what it breaks is broken.
      if (judgement === 'broken') tally.deviate(deviation(event, 'the policy does not allow the job to read it'));
      else if (!isTied(attribution)) tally.skip('tied to no job');
      else if (judgement === undefined) tally.skip('of secrets for which the policy names no namespace');
      else tally.keep();
    },
  }),
  'reads-by-persons': ruled('read-by-person', 'a person read it', () => 'of no known identity'),
  'old-versions-unread': ({ rotations }, tally) => {
    const isKnown = rotations.some(({ publication }) => publication === 'published');
    return {
      event(event) {
        if (event.attribution === null) return;
        if (!isKnown) tally.skip('while no rotation that replaced a version is on record');
        else judge(event, 'old-version-read', 'the version was replaced and its grace is over', tally);
      },
    };
  },
  'expired-values-unread': ruled(
    'expired-value-read',
    'the value had expired',
    () => 'of versions whose expiry no inventory states',
  ),
  'inventory-complete': ruled(
    'secret-not-inventoried',
    'no inventory lists the secret',
    () => 'of staging secrets, or without a later inventory',
  ),
};

/** Tests over other events of the log. */
export const eventTests: Readonly<Record<string, ControlTestFactory>> = {
  'staging-untouched': (_material, tally) => ({
    event(event) {
      if (event.judgements.has('staging-read'))
        judge(event, 'staging-read', 'the reader is not the rotator, or no journal explains it', tally);
    },
  }),
  'changes-explained': (_material, tally) => ({
    event(event) {
      if (event.retrieval.kind !== 'write') return;
      const judgement = event.judgements.get('unexplained-write');
      if (judgement === undefined) tally.skip('of secrets that the policy does not bind, or that set no value');
      else judge(event, 'unexplained-write', 'no journal explains it', tally);
    },
  }),
  'sets-inventoried': (_material, tally) => ({
    event(event) {
      if (event.retrieval.kind !== 'write') return;
      const why = 'no inventory lists the secret: it was left out, or deleted before the next one';
      if (event.retrieval.operation !== 'SecretSet') tally.skip('that set no value');
      else if (event.judgements.has('secret-not-inventoried')) judge(event, 'secret-not-inventoried', why, tally);
      else tally.skip('of staging secrets, or without a later inventory');
    },
  }),
  // Whether a refusal is part of a burst is known when the burst is over.
  'denials-watched': (_material, tally) => {
    const bursts = new Map<string, Finding[]>();
    return {
      event({ retrieval }) {
        const { id, at } = retrieval;
        if (retrieval.kind !== 'denied') return;
        tally.defer({ event: id, at, subject: subjectOf(retrieval), caller: callerOf(retrieval) });
      },
      finish({ findings }) {
        for (const finding of findings) {
          if (finding.rule !== 'denied-burst' || finding.severity === 'information') continue;
          bursts.set(finding.subject, [...(bursts.get(finding.subject) ?? []), finding]);
        }
      },
      deferred({ event, at, subject, caller }) {
        const isInside = bursts.get(caller)?.some(({ firstAt, lastAt }) => firstAt <= at && at <= lastAt) === true;
        if (isInside) tally.deviate({ event, at, subject, why: 'part of a burst that no grant explains' });
        else tally.keep();
      },
    };
  },
  'outside-refused': (_material, tally) => ({
    event(event) {
      if (event.retrieval.kind !== 'denied') return;
      const why = 'an identity of the policy asked from an address outside';
      if (event.judgements.has('refused-outside')) judge(event, 'refused-outside', why, tally);
      else tally.skip('by something else than the firewall of a vault');
    },
  }),
  // Decisions are made on findings, which are complete when all events are seen.
  'sensitive-operations': (_material, tally) => {
    let told: readonly Finding[] = [];
    let decided: ReadonlySet<string> = new Set();
    return {
      event({ retrieval, judgements }) {
        if (!judgements.has('sensitive-operation')) return;
        const { id, at } = retrieval;
        tally.defer({ event: id, at, subject: subjectOf(retrieval), caller: callerOf(retrieval) });
      },
      finish({ findings, findingLives }) {
        told = findings.filter(({ rule }) => rule === 'sensitive-operation');
        decided = new Set(told.map(({ id }) => id).filter((id) => isAuthorised(findingLives.get(id)?.steps ?? [])));
      },
      deferred({ event, at, subject }) {
        const about = findingsAbout(told, event, subject, at);
        if (about.length > 0 && about.every(({ id }) => decided.has(id))) tally.keep();
        else tally.deviate({ event, at, subject, why: 'nobody has said on record that it was authorised' });
      },
    };
  },
  'rows-understood': (_material, tally) => ({
    event(event) {
      if (event.judgements.get('status-disagrees') !== 'broken') return;
      tally.deviate(deviation(event, 'its status and its signature state different outcomes'));
    },
    finish(audited) {
      const odd = tally.deviations();
      const at = audited.period.from.toISOString();
      for (const { place, reason } of audited.unreadableRows) {
        tally.deviate({ event: place, at, subject: place, why: reason });
      }
      tally.keep(Math.max(0, audited.rowsRead - audited.unreadableRows.length - odd));
    },
  }),
};

/** An acceptance that ended by itself still says that what happened before was authorised; one that was withdrawn does not. */
function isAuthorised(steps: readonly FindingStep[]): boolean {
  const last = steps.findLast(({ kind }) => kind !== 'responded');
  return last?.kind === 'accepted' || steps.some(({ kind }) => kind === 'responded');
}

/** The finding that names the event; those of its time that it may belong to where they name their first events alone. */
function findingsAbout(findings: readonly Finding[], event: string, subject: string, at: string): readonly Finding[] {
  const naming = findings.filter(({ evidence }) => evidence.includes(event));
  if (naming.length > 0) return naming;
  return findings.filter(
    (one) => one.subject === subject && one.count > one.evidence.length && one.firstAt <= at && at <= one.lastAt,
  );
}

/** A test of all reads whose verdict is that of one rule. `untested`: why an event without a verdict has none. */
function ruled(rule: FindingRule, why: string, untested: (event: AuditedEvent) => string): ControlTestFactory {
  return (_material, tally) => ({
    event(event) {
      if (event.attribution === null) return;
      if (event.judgements.has(rule)) judge(event, rule, why, tally);
      else tally.skip(untested(event));
    },
  });
}

function judge(event: AuditedEvent, rule: FindingRule, why: string, tally: TestTally): void {
  if (event.judgements.get(rule) === 'broken') tally.deviate(deviation(event, why));
  else tally.keep();
}

function isTied({ grade }: Attribution): boolean {
  return tied.has(grade);
}

function deviation({ retrieval }: Pick<AuditedEvent, 'retrieval'>, why: string): Deviation {
  return { event: retrieval.id, at: retrieval.at, subject: subjectOf(retrieval), why };
}
