import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textLines } from '../../provenance/text-lines.ts';
import type { AuditedPeriod } from '../../audit/model/audited-period.ts';
import type { Observation, ObservedMaterial } from '../../audit/model/observation.ts';
import { canonicalJson } from '../../provenance/canonical-json.ts';
import { rowCap } from '../report/report-material.ts';
import { type RetrievalTally, tallyRetrievals } from '../report/retrieval-tally.ts';
import { runControlTests, type TestDeferral, type TestOutcomes } from '../tests/run-control-tests.ts';
import { asJson } from './data-files.ts';
import { collectLines, eventFiles } from './event-files.ts';
import type { PackFile } from './pack-file.ts';
import type { PackSink } from './pack-sink.ts';
import { brokerLines, recordEvents, rotationDueLines, type RecordedEvents, recordSecretDays } from './record-events.ts';

/** Audits a period while the observation watches. */
export type AuditOfPeriod = (observation: Observation<RecordedEvents>) => Promise<AuditedPeriod>;

export interface ObservedPeriod {
  readonly audited: AuditedPeriod;
  readonly tally: RetrievalTally;
  readonly outcomes: TestOutcomes;
  /** The files that events fill. */
  readonly files: readonly PackFile[];
}

/**
 * Runs an audit, and tests, counts and writes its events while they pass. Memory follows one share of them. What tests
 * judge at the end waits in a file of the temporary folder.
 */
export async function observePeriod(audit: AuditOfPeriod, sink: PackSink): Promise<ObservedPeriod> {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-pack-'));
  try {
    return await observeInto(join(folder, 'deferred'), audit, sink);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Secrets of so many days wait in memory until they are written. */
const daysAtOnce = 1_000;

async function observeInto(deferredFile: string, audit: AuditOfPeriod, sink: PackSink): Promise<ObservedPeriod> {
  const files = eventFiles(sink);
  // One share is added up before the next begins, so all write into the same memory.
  const shareLines = collectLines();
  let sums: ReturnType<typeof startSums> | null = null;
  const begun = () => {
    if (sums === null) throw new TypeError('An audit begins before it shows anything.');
    return sums;
  };
  let days = 0;
  await appendFile(deferredFile, '');
  const audited = await audit({
    observe: (material, full) => recordEvents(shareLines, material, full),
    full: () => begun().tally.full(),
    begin: (material) => {
      sums = startSums(material);
    },
    async secretDay(day) {
      const { tests, secrets } = begun();
      tests.secretDay(day);
      secrets.secretDay(day);
      days += 1;
      if (days % daysAtOnce === 0) await files.add(secrets.take());
    },
    async absorb({ lines, tests, reads, deferred }) {
      begun().tests.absorb(tests);
      begun().tally.absorb(reads);
      await files.add(lines);
      if (deferred.length > 0) await appendFile(deferredFile, deferred);
    },
  });
  const { tally, tests, secrets, lines, brokered } = begun();
  await files.add(secrets.take());
  await files.add(rotationDueLines(audited.rotationsDue));
  await files.add(brokered);
  tests.finish(audited);
  for await (const deferral of readDeferrals(deferredFile)) tests.deferred(deferral);
  await files.add(lines.take());
  return { audited, tally: tally.result(), outcomes: tests.outcomes(), files: await files.close() };
}

/** What adds up the shares of a period and sees its end. */
function startSums(material: ObservedMaterial) {
  const lines = collectLines();
  const tests = runControlTests(material, {
    deviation: (deviation) => lines.add('deviations', canonicalJson(asJson(deviation))),
    deferral: () => {
      throw new TypeError('The end of a period defers nothing.');
    },
  });
  const tally = tallyRetrievals(material.period, rowCap);
  return {
    lines,
    tests,
    tally,
    secrets: recordSecretDays(),
    brokered: brokerLines(material.brokered, material.accessRequests),
  };
}

async function* readDeferrals(file: string): AsyncGenerator<TestDeferral> {
  // Written by `recordEvents`.
  for await (const line of textLines(createReadStream(file))) yield JSON.parse(line) as TestDeferral;
}
