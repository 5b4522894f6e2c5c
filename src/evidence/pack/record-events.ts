import { compareText } from '../../provenance/compare-text.ts';
import type { GrantHistory } from '../../grants/history/grant-history.ts';
import type { BrokerHistory } from '../../broker/history/broker-history.ts';
import type { AuditedEvent, RotationDue, SecretDay } from '../../audit/model/audited-period.ts';
import type { EventObserver, ObservedMaterial } from '../../audit/model/observation.ts';
import { canonicalJson, canonicalRows } from '../../provenance/canonical-json.ts';
import { rowCap } from '../report/report-material.ts';
import { type TalliedReads, tallyRetrievals } from '../report/retrieval-tally.ts';
import { runControlTests, type TalliedTests, type TestDeferral } from '../tests/run-control-tests.ts';
import { asJson } from './data-files.ts';
import { type CollectedLines, collectLines, type EventFile, type EventLines } from './event-files.ts';
import { writeReceipt } from './receipt-lines.ts';
import { writeRetrievals } from './retrieval-lines.ts';

/** What a share of a period's events came to, for a pack: plain data. Lines are valid until the next event. */
export interface RecordedEvents {
  readonly lines: EventLines;
  readonly tests: TalliedTests;
  readonly reads: TalliedReads;
  /** What the tests judge at the end, one JSON value a line. */
  readonly deferred: Uint8Array;
}

/** Tests, counts and writes the events of one share into `lines`, which hold nothing else. */
export function recordEvents(
  lines: CollectedLines,
  material: ObservedMaterial,
  full: ReadonlySet<string>,
): EventObserver<RecordedEvents> {
  const deferred: TestDeferral[] = [];
  const tests = runControlTests(material, {
    deviation: (deviation) => lines.add('deviations', canonicalJson(asJson(deviation))),
    deferral: (deferral) => deferred.push(deferral),
  });
  const reads = tallyRetrievals(material.period, rowCap, full);
  const writeRead = writeRetrievals(lines.memory('retrievals'), lines.memory('table'));
  const jobLine = canonicalRows();
  const receiptLines = lines.memory('receipts');
  const exclusionLine = canonicalRows();
  return {
    event(event) {
      tests.event(event);
      if (event.attribution !== null) {
        reads.add(event.attribution);
        writeRead(event.attribution);
      }
      for (const file of populationsOf(event)) lines.add(file, eventLine(event));
    },
    excluded: (row) => lines.add('exclusions', exclusionLine({ ...row })),
    job(job) {
      tests.job(job);
      lines.add('jobs', jobLine({ ...job }));
    },
    receipt(receipt) {
      tests.receipt(receipt);
      writeReceipt(receiptLines, receipt);
    },
    take() {
      const text = deferred.map((one) => `${JSON.stringify(one)}\n`).join('');
      return {
        lines: lines.take(),
        tests: tests.take(),
        reads: reads.take(),
        deferred: new TextEncoder().encode(text),
      };
    },
  };
}

/** Writes the secrets of a period, all days in order. */
export function recordSecretDays(): {
  secretDay(day: SecretDay): void;
  /** The lines since the last call. */
  take(): EventLines;
} {
  const lines = collectLines();
  return {
    secretDay(day) {
      lines.add('secretDays', secretDayLine(day));
    },
    take: () => lines.take(),
  };
}

/** The lines of the versions that came due or were replaced. */
export function rotationDueLines(dues: readonly RotationDue[]): EventLines {
  const lines = collectLines();
  for (const one of dues) lines.add('rotationsDue', canonicalJson(asJson(one)));
  return lines.take();
}

/** The lines of the broker's requests and uses, in order of time, and of the requests for access, in order of their sessions. */
export function brokerLines({ reads, refusals, uses }: BrokerHistory, requests: readonly GrantHistory[]): EventLines {
  const lines = collectLines();
  const all = [
    ...reads.map((one) => ({ ...one, because: [] as readonly string[] })),
    ...refusals.map((one) => ({ ...one, outcome: 'refused' })),
  ];
  for (const one of all.sort((a, b) => compareText(a.at, b.at) || compareText(a.reference, b.reference)))
    lines.add('brokerRequests', canonicalJson(asJson(one)));
  for (const one of uses) lines.add('brokerUses', canonicalJson(asJson(one)));
  for (const one of requests) lines.add('accessRequests', canonicalJson(asJson(one)));
  return lines.take();
}

function populationsOf({ retrieval, judgements }: AuditedEvent): readonly EventFile[] {
  const { kind } = retrieval;
  if (kind === 'denied') return ['refusals'];
  const files: EventFile[] = kind === 'write' ? ['writes'] : [];
  if (judgements.has('staging-read')) files.push('stagingReads');
  if (judgements.has('sensitive-operation')) files.push('sensitiveOperations');
  return files;
}

function eventLine({ retrieval, judgements }: AuditedEvent): string {
  return canonicalJson(asJson({ ...retrieval, breaks: brokenBy(judgements) }));
}

function secretDayLine({ day, at, secret, judgements }: SecretDay): string {
  // Tags stay out of reports, because anyone may have written anything there.
  const { tags: _tags, ...rest } = secret;
  return canonicalJson(asJson({ ...rest, day, at, breaks: brokenBy(judgements) }));
}

function brokenBy(judgements: AuditedEvent['judgements']): readonly string[] {
  return [...judgements].flatMap(([rule, judgement]) => (judgement === 'broken' ? [rule] : [])).sort();
}
