import { dayMs } from '../../src/secrets/duration.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { DueSecrets } from './due-secrets.ts';
import { inNewCloud } from './rotate-due-secrets.ts';
import { startWorker, type Worker } from './start-worker.ts';
import type { Measured } from './worker-messages.ts';

/** What one pass cost over secrets of which few or none are due. */
interface PassCost extends Measured {
  /** Requests of the vault's log. */
  readonly requests: number;
}

export interface HistoryCost {
  /** Rotations that were over before. */
  readonly past: number;
  /** The first pass of a new process: it knows nothing yet. */
  readonly first: PassCost;
  /** Nothing is due: the median of several passes. */
  readonly idle: PassCost;
  /** Some are due; `published` of them got their new value. */
  readonly withDue: PassCost & { readonly due: number; readonly published: number };
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const everyMs = 5 * minuteMs;
const due = 10;
const idlePasses = 5;

/**
 * Measures passes over secrets that were each rotated some times before, to the end. `rotations` 0: the same secrets, with
 * the same expiry, of which none ever was. The vault and the records are real, each process starts with an empty memory.
 */
export async function passWithHistory(count: number, rotations: number): Promise<HistoryCost> {
  return await inNewCloud({ kind: 'generated', count }, async (cloud, secrets) => {
    const world = { cloud, secrets, aheadMs: 0 };
    if (rotations === 0) renewByHand(world, secrets.names, 80 * dayMs);
    for (let turn = 0; turn < rotations; turn += 1) {
      await makePast(world);
      if (turn < rotations - 1) advance(world, 70 * dayMs);
    }
    const worker = await startWorker('reconcile-worker.ts', secrets.environment);
    const first = await onePass(world, worker);
    const idle: PassCost[] = [];
    for (let pass = 0; pass < idlePasses; pass += 1) {
      advance(world, everyMs);
      idle.push(await onePass(world, worker));
    }
    const soon = secrets.names.slice(0, due);
    renewByHand(world, soon, 5 * dayMs);
    advance(world, 2 * hourMs);
    const before = soon.map((name) => cloud.vault.versions(name).length);
    const cost = await onePass(world, worker);
    await worker.stop();
    const published = soon.filter((name, index) => cloud.vault.versions(name).length > (before[index] ?? 0)).length;
    return { past: count * rotations, first, idle: median(idle), withDue: { ...cost, due, published } };
  });
}

interface HistoryWorld {
  readonly cloud: EmbeddedCloud;
  readonly secrets: DueSecrets;
  aheadMs: number;
}

/** Rotates every secret to the end, with a process that ends with it. */
async function makePast(world: HistoryWorld): Promise<void> {
  const worker = await startWorker('reconcile-worker.ts', world.secrets.environment);
  const { vault } = world.cloud;
  const isRotated = (name: string) => {
    const versions = vault.versions(name);
    return versions.length > 1 && versions.every(({ enabled }, index) => enabled === (index === versions.length - 1));
  };
  const before = new Map(world.secrets.names.map((name) => [name, vault.versions(name).length]));
  for (let pass = 0; pass < 8; pass += 1) {
    await worker.pass({ aheadMs: world.aheadMs });
    advance(world, world.secrets.restMs);
    const isOver = (name: string) => vault.versions(name).length > (before.get(name) ?? 0) && isRotated(name);
    if (world.secrets.names.every(isOver)) break;
  }
  // One more pass ends what the last one disabled.
  await worker.pass({ aheadMs: world.aheadMs });
  await worker.stop();
}

/** Somebody sets values that expire so much later. */
function renewByHand({ cloud }: HistoryWorld, names: readonly string[], expiresInMs: number): void {
  const expires = new Date(cloud.clock.now().getTime() + expiresInMs);
  for (const name of names) cloud.vault.seed({ name, value: crypto.randomUUID(), created: cloud.clock.now(), expires });
}

function advance(world: HistoryWorld, milliseconds: number): void {
  world.cloud.clock.advance(milliseconds);
  world.aheadMs += milliseconds;
}

async function onePass({ cloud, aheadMs }: HistoryWorld, worker: Worker): Promise<PassCost> {
  const before = cloud.auditLog.rows().length;
  const measured = await worker.pass({ aheadMs });
  return { ...measured, requests: cloud.auditLog.rows().length - before };
}

function median(costs: readonly PassCost[]): PassCost {
  const sorted = costs.toSorted((a, b) => a.processorSeconds - b.processorSeconds);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('No pass was measured.');
  return middle;
}
