import { callerName, capitalised } from '../finding-caller.ts';
import type { Finding } from '../../model/finding.ts';
import type { Retrieval } from '../../model/retrieval.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
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

/** Many refusals of one caller in a short time: a probe, or a role assignment that has not taken effect yet. */
export const deniedBurst: FindingRuleFactory = ({ policyAt }) => {
  const open = new Map<string, Burst>();
  const closed: Burst[] = [];
  return {
    see(retrieval) {
      const caller = callerOf(retrieval);
      const burst = open.get(caller);
      if (retrieval.kind === 'read') noteGrant(burst, retrieval);
      if (retrieval.kind !== 'denied') return undefined;
      if (burst !== undefined && within(burst.lastAt, retrieval.at, gapMs) && burst.grantedAt === null) {
        extend(burst, retrieval);
        return undefined;
      }
      if (burst !== undefined) closed.push(burst);
      open.set(caller, startBurst(retrieval, caller, callerName(retrieval, policyAt(retrieval.at))));
      return undefined;
    },
    findings: () => {
      const bursts = [...closed, ...open.values()].filter(({ count }) => count >= fewest);
      bursts.sort((a, b) => (a.firstAt < b.firstAt ? -1 : 1));
      return bursts.map(toFinding);
    },
  };
};

function startBurst(retrieval: Retrieval, caller: string, name: string): Burst {
  const { at, id, denial } = retrieval;
  return {
    caller,
    name,
    secrets: new Set([subjectOf(retrieval)]),
    evidence: [id],
    firstAt: at,
    lastAt: at,
    count: 1,
    rbacOnly: denial === 'rbac',
    grantedAt: null,
  };
}

function extend(burst: Burst, retrieval: Retrieval): void {
  burst.count += 1;
  burst.lastAt = retrieval.at;
  burst.secrets.add(subjectOf(retrieval));
  burst.rbacOnly &&= retrieval.denial === 'rbac';
  if (burst.evidence.length < 100) burst.evidence.push(retrieval.id);
}

/** A successful read of a refused secret soon afterwards shows that the role assignment was propagating. */
function noteGrant(burst: Burst | undefined, retrieval: Retrieval): void {
  if (burst === undefined || !burst.rbacOnly || burst.grantedAt !== null) return;
  if (burst.secrets.has(subjectOf(retrieval)) && within(burst.lastAt, retrieval.at, propagationMs)) {
    burst.grantedAt = retrieval.at;
  }
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
  return Date.parse(to) - Date.parse(from) <= milliseconds;
}
