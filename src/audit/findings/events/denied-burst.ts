import { compareText } from '../../../provenance/compare-text.ts';
import { callerName, capitalised } from '../finding-caller.ts';
import type { Finding } from '../../model/finding.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { momentOf } from '../../parsing/moment.ts';
import { findingId } from '../finding-tally.ts';

/** Refusals of one caller within ten minutes of each other form one burst; fewer than five are everyday mistakes. */
const gapMs = 10 * 60_000;
const fewest = 5;
/**
 * A new role assignment takes up to half an hour to reach the vault; refusals followed by a successful read within that
 * time have this cause.
 */
const propagationMs = 30 * 60_000;

interface Burst {
  readonly caller: string;
  readonly name: string;
  readonly secrets: Set<string>;
  readonly evidence: string[];
  readonly firstAt: string;
  lastAt: string;
  count: number;
  rbacOnly: boolean;
  grantedAt: string | null;
}

/** An event that may begin, extend or explain a burst. */
interface BurstEvent {
  readonly kind: 'denied' | 'read';
  readonly caller: string;
  readonly name: string;
  readonly subject: string;
  readonly at: string;
  readonly id: string;
  readonly isRbac: boolean;
}

/**
 * Many refusals of one caller in a short time: a probe, or a role assignment that has not taken effect yet. A burst may
 * reach from one share of the period into the next, so a share keeps the events that may matter for one.
 */
export const deniedBurst: FindingRuleFactory = ({ policyAt }) => {
  const bursts = createBursts();
  const events = createBurstEvents();
  return {
    see(retrieval) {
      if (retrieval.kind !== 'denied' && retrieval.kind !== 'read') return undefined;
      const { kind, at, id, denial } = retrieval;
      const caller = callerOf(retrieval);
      if (!events.mayMatter(kind, caller, subjectOf(retrieval), at)) return undefined;
      const name = callerName(retrieval, policyAt(at));
      const event = { kind, caller, name, subject: subjectOf(retrieval), at, id, isRbac: denial === 'rbac' };
      events.add(event);
      bursts.see(event);
      return undefined;
    },
    take: () => events.all(),
    absorb(share: readonly BurstEvent[]) {
      for (const event of share) bursts.see(event);
    },
    findings: () => bursts.findings(),
  };
};

/** Keeps every refusal, and the first read of each secret by a caller soon after the last one, or after the share begins. */
function createBurstEvents() {
  const kept: BurstEvent[] = [];
  const lastDenied = new Map<string, string>();
  const readSince = new Map<string, Set<string>>();
  let first: string | null = null;
  return {
    all: () => kept,
    mayMatter(kind: BurstEvent['kind'], caller: string, subject: string, at: string): boolean {
      first ??= at;
      if (kind === 'denied') return true;
      if (readSince.get(caller)?.has(subject) === true) return false;
      return within(lastDenied.get(caller) ?? first, at, propagationMs);
    },
    add(event: BurstEvent): void {
      const { kind, caller, subject, at } = event;
      kept.push(event);
      if (kind === 'denied') {
        lastDenied.set(caller, at);
        readSince.delete(caller);
        return;
      }
      readSince.set(caller, (readSince.get(caller) ?? new Set()).add(subject));
    },
  };
}

function createBursts() {
  const open = new Map<string, Burst>();
  const closed: Burst[] = [];
  return {
    see(event: BurstEvent): void {
      const { caller, kind, at } = event;
      const burst = open.get(caller);
      if (kind === 'read') {
        noteGrant(burst, event);
        return;
      }
      if (burst !== undefined && within(burst.lastAt, at, gapMs) && burst.grantedAt === null) {
        extend(burst, event);
        return;
      }
      if (burst !== undefined) closed.push(burst);
      open.set(caller, startBurst(event));
    },
    findings(): readonly Finding[] {
      const bursts = [...closed, ...open.values()].filter(({ count }) => count >= fewest);
      bursts.sort((a, b) => compareText(a.firstAt, b.firstAt) || compareText(a.caller, b.caller));
      return bursts.map(toFinding);
    },
  };
}

function startBurst({ caller, name, subject, at, id, isRbac }: BurstEvent): Burst {
  return {
    caller,
    name,
    secrets: new Set([subject]),
    evidence: [id],
    firstAt: at,
    lastAt: at,
    count: 1,
    rbacOnly: isRbac,
    grantedAt: null,
  };
}

function extend(burst: Burst, { subject, at, id, isRbac }: BurstEvent): void {
  burst.count += 1;
  burst.lastAt = at;
  burst.secrets.add(subject);
  burst.rbacOnly &&= isRbac;
  if (burst.evidence.length < 100) burst.evidence.push(id);
}

/** A successful read of a refused secret soon afterwards shows that the role assignment was propagating. */
function noteGrant(burst: Burst | undefined, { subject, at }: BurstEvent): void {
  if (burst === undefined || !burst.rbacOnly || burst.grantedAt !== null) return;
  if (burst.secrets.has(subject) && within(burst.lastAt, at, propagationMs)) burst.grantedAt = at;
}

function toFinding({ caller, name, secrets, evidence, firstAt, lastAt, count, grantedAt }: Burst): Finding {
  const propagation = grantedAt !== null;
  const where = secrets.size === 1 ? [...secrets].join() : `${String(secrets.size)} secrets`;
  const tail = propagation
    ? 'then gained access: a new role assignment had not reached the vault yet.'
    : 'and never gained access: check what it was trying to read.';
  const severity = secrets.size >= fewest ? 'high' : 'medium';
  return {
    format: 1,
    id: findingId('denied-burst', caller, evidence[0] ?? ''),
    rule: 'denied-burst',
    severity: propagation ? 'information' : severity,
    subject: caller,
    description: `${capitalised(name)} was refused ${String(count)} times at ${where}, ${tail}`,
    firstAt,
    lastAt,
    count,
    evidence,
    ended: null,
  };
}

function within(from: string, to: string, milliseconds: number): boolean {
  return momentOf(to) - momentOf(from) <= milliseconds;
}
