import { setTimeout as wait } from 'node:timers/promises';
import { jobCollection } from '../../audit/collection/job-collection.ts';
import { retrievalCollection } from '../../audit/collection/retrieval-collection.ts';
import { readFindingSteps } from '../../audit/findings/life/finding-record.ts';
import { liveFindings } from '../../audit/findings/life/live-findings.ts';
import { deletedReads } from '../../audit/period/deleted-evidence.ts';
import type { ReportingPeriod } from '../../audit/model/audited-period.ts';
import type { Finding } from '../../audit/model/finding.ts';
import { compareText } from '../../provenance/compare-text.ts';
import { dayMs, hourMs } from '../../secrets/duration.ts';
import type { AuditedSpan } from '../../web/portal-ports.ts';
import type { Composition } from '../composition.ts';
import { auditCollected } from '../report-period.ts';
import { keepAnswer, type KeptAnswer } from './kept-answer.ts';
import { observeReads } from './observe-reads.ts';

type Ports = Pick<Composition, 'records' | 'policy' | 'settings' | 'now' | 'rotation' | 'logger'>;

/** What is kept of an audit: lives of findings follow from the decisions at the moment of the look. */
interface Audited extends Omit<AuditedSpan, 'findings'> {
  readonly found: readonly Finding[];
  /** How far the collections had come. */
  readonly mark: string;
}

const usualDays = 90;
/** How long a page waits for an audit that runs for the first time. */
const patienceMs = 5_000;
/** A span that somebody asked for is kept for the pages that they turn. */
const mostSpans = 4;

interface AuditedSpans {
  readonly usual: () => Promise<AuditedSpan | null>;
  readonly of: (span: ReportingPeriod) => Promise<AuditedSpan | null>;
}

/** Audits spans of time for the portal. Of each the newest audit is kept, and repeated only after rows or jobs were collected. */
export function createAuditedSpans(ports: Ports): AuditedSpans {
  const keeping = { freshMs: 60_000, staleMs: Number.POSITIVE_INFINITY, monotonicMs: ports.rotation.monotonicMs };
  const usual = keepSpan(async () => ({ from: await startOf(ports), to: ports.now() }));
  const others = new Map<string, KeptAnswer<Audited>>();
  return {
    usual: async () => await patiently(usual),
    async of(span) {
      const key = `${span.from.toISOString()} ${span.to.toISOString()}`;
      const kept = others.get(key) ?? keepSpan(async () => await Promise.resolve(span));
      others.delete(key);
      others.set(key, kept);
      for (const oldest of [...others.keys()].slice(0, -mostSpans)) others.delete(oldest);
      return await patiently(kept);
    },
  };

  function keepSpan(span: () => Promise<ReportingPeriod>): KeptAnswer<Audited> {
    let last: Audited | null = null;
    return keepAnswer(async () => {
      const mark = await markOf(ports);
      const isOld = last === null || ports.now().getTime() - Date.parse(last.at) > hourMs;
      if (last === null || isOld || last.mark !== mark) last = await audit(ports, await span(), mark);
      return last;
    }, keeping);
  }

  async function patiently(kept: KeptAnswer<Audited>): Promise<AuditedSpan | null> {
    const given = kept.get();
    const audited = await Promise.race([given, wait(patienceMs, null, { ref: false })]);
    if (audited !== null) return await withLives(ports, audited);
    given.catch((error: unknown) => ports.logger.warn('The portal could not audit what was collected.', { error }));
    return null;
  }
}

/** A whole day, so that two audits of one day begin alike; not before the log was first collected, where nothing is known. */
async function startOf({ records, now }: Ports): Promise<Date> {
  const ago = Math.floor(now().getTime() / dayMs - usualDays) * dayMs;
  const since = (await retrievalCollection(records))?.since;
  return new Date(Math.max(ago, since === undefined ? ago : Date.parse(since)));
}

/** Changes whenever rows or jobs were collected. */
async function markOf({ records }: Ports): Promise<string> {
  const [rows, jobs] = [await retrievalCollection(records), await jobCollection(records)];
  return [rows?.readTo, rows?.watermark, jobs?.completeTo, jobs?.unfinished.length].join(' ');
}

async function audit(ports: Ports, span: ReportingPeriod, mark: string): Promise<Audited> {
  const { observation, take } = observeReads();
  const audited = await auditCollected(ports, span, observation);
  // Before the first canary read nobody watched: those hours are no gap.
  const watched = audited.coverage.slice(
    Math.max(
      0,
      audited.coverage.findIndex(({ state }) => state === 'covered'),
    ),
  );
  const gaps = watched.flatMap(({ hour, state }) => (state === 'covered' ? [] : [{ hour, state }]));
  return {
    mark,
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    at: ports.now().toISOString(),
    found: audited.findings,
    gaps: gaps.reverse(),
    hours: watched.length,
    deleted: await deletedReads(ports.records, span),
    ...take(),
  };
}

const severities: readonly Finding['severity'][] = ['high', 'medium', 'low', 'information'];

async function withLives({ records, now }: Ports, { found, ...audited }: Audited): Promise<AuditedSpan> {
  const lives = liveFindings(found, await readFindingSteps(records), now());
  const findings = found.flatMap((finding) => {
    const life = lives.get(finding.id);
    return life === undefined ? [] : [{ ...finding, life }];
  });
  const rank = (one: Finding) => severities.indexOf(one.severity);
  return {
    ...audited,
    findings: findings.sort((one, other) => rank(one) - rank(other) || compareText(other.lastAt, one.lastAt)),
  };
}
