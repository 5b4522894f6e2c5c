import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { type DueKind, type DueSecrets, makeDueSecrets, writesToPublish } from './due-secrets.ts';
import { startWorker } from './start-worker.ts';
import { type Passes, sumOfPasses } from './sum-of-passes.ts';
import type { Measured } from './worker-messages.ts';

/** The vault's limit: writes in ten seconds, and the Retry-After of a refused one, if any. */
interface VaultLimit {
  readonly writes: number;
  readonly retryAfterSeconds: number | null;
}

export interface DueCase {
  readonly kind: DueKind;
  readonly count: number;
  /** `null`: no limit. */
  readonly limit: VaultLimit | null;
}

/** The result of rotating secrets with one service, until the old versions are disabled. */
export interface Rotated {
  readonly publishing: Stage;
  readonly disabling: Stage;
  /** Versions or values beyond the one that each rotation may create. */
  readonly madeTwice: number;
}

export interface Stage extends Passes {
  readonly rotations: number;
  /** The writes that the rotations need. */
  readonly writesNeeded: number;
  /** From the vault's log: successful writes, writes refused with 429, and requests of every kind. */
  readonly writesDone: number;
  readonly writesRefused: number;
  readonly requests: number;
  /** Rotations that did not finish in the allowed passes. */
  readonly unfinished: number;
}

/** A write in a row of the vault's log. */
const writes: ReadonlySet<unknown> = new Set(['SecretSet', 'SecretUpdate']);
const mostPasses = 4;

/** Lets one service rotate due secrets against its own embedded cloud. */
export async function rotateDueSecrets({ kind, count, limit }: DueCase): Promise<Rotated> {
  return await inNewCloud({ kind, count }, async (cloud, due) => {
    const { vault, clock } = cloud;
    const valuesBefore = vault.everyValue().length;
    const worker = await startWorker('reconcile-worker.ts', due.environment);
    vault.limitWrites(limit?.writes ?? null, limit?.retryAfterSeconds ?? null);
    const stage = async (writesNeeded: number, aheadMs: number, isDone: (name: string) => boolean) => {
      const rowsBefore = cloud.auditLog.rows().length;
      const passes: Measured[] = [];
      do passes.push(await worker.pass({ aheadMs }));
      while (!due.names.every(isDone) && passes.length < mostPasses);
      const unfinished = due.names.filter((name) => !isDone(name)).length;
      const rows = cloud.auditLog.rows().slice(rowsBefore);
      return { ...sumOfPasses(passes), ...seenIn(rows), rotations: count, writesNeeded, unfinished };
    };
    const publishing = await stage(
      count * writesToPublish[kind],
      0,
      (name) => vault.versions(name).at(-1)?.tags['rotation-id'] !== undefined,
    );
    clock.advance(due.restMs);
    const disabling = await stage(count, due.restMs, (name) =>
      vault.versions(name).every(({ enabled }, index, all) => enabled === (index === all.length - 1)),
    );
    await worker.stop();
    const versionsTooMany = due.names.map((name) => Math.max(0, vault.versions(name).length - 2));
    const valuesTooMany = Math.max(0, vault.everyValue().length - valuesBefore - count);
    const madeTwice = Math.max(
      versionsTooMany.reduce((sum, one) => sum + one, 0),
      valuesTooMany,
    );
    return { publishing, disabling, madeTwice };
  });
}

/** The same number of plain writes with Azure's client against a similar cloud, without limit. */
export async function writePlainly(count: number): Promise<Measured> {
  return await inNewCloud({ kind: 'generated', count }, async (_cloud, due) => {
    const worker = await startWorker('plain-write-worker.ts', due.environment, [String(count)]);
    const measured = await worker.pass({ aheadMs: 0 });
    await worker.stop();
    return measured;
  });
}

/** Acts in an embedded cloud of its own in which secrets are due, and removes both. */
export async function inNewCloud<Result>(
  scene: { readonly kind: DueKind; readonly count: number },
  act: (cloud: EmbeddedCloud, due: DueSecrets) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-bench-'));
  const cloud = await startEmbeddedCloud();
  // The rows are counted directly after the requests.
  cloud.auditLog.setDelay(0);
  try {
    return await act(cloud, await makeDueSecrets({ cloud, directory }, scene));
  } finally {
    await cloud.stop();
    await rm(directory, { recursive: true });
  }
}

function seenIn(rows: readonly Readonly<Record<string, unknown>>[]) {
  const written = rows.filter(({ OperationName }) => writes.has(OperationName));
  return {
    writesDone: written.filter(({ HttpStatusCode }) => HttpStatusCode === 200).length,
    writesRefused: written.filter(({ HttpStatusCode }) => HttpStatusCode === 429).length,
    requests: rows.length,
  };
}
