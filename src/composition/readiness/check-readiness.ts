import { tryPdfEngine } from '../../evidence/render/render-pdf.ts';
import { ServiceError } from '../../service-error.ts';
import type { Composition } from '../composition.ts';

/** One thing that must be reachable for work to go on. */
interface Readiness {
  readonly what: string;
  readonly ready: boolean;
  readonly says: string;
}

type Ports = Pick<Composition, 'records' | 'rotation' | 'settings' | 'now' | 'requirePolicy'>;

/** `/readyz` is open to everybody: however often it is asked, the vaults are asked once in this time. */
const keptMs = 5_000;

/** Looks whether work can go on, once in five seconds however often it is called. */
export function readinessCheck(ports: Ports): () => Promise<readonly Readiness[]> {
  const pdfEngine = onceItWorks(tryPdfEngine);
  let last: { readonly at: number; readonly answer: Promise<readonly Readiness[]> } | null = null;
  return async () => {
    const at = ports.now().getTime();
    if (last === null || at - last.at >= keptMs || at < last.at) last = { at, answer: look(ports, pdfEngine) };
    return await last.answer;
  };
}

/** Never rejects: what cannot be reached is the answer. */
async function look(
  { records, rotation, settings, requirePolicy }: Ports,
  pdfEngine: () => Promise<void>,
): Promise<readonly Readiness[]> {
  const reports = settings.role === 'report' || settings.role === 'all';
  const looks: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['records', async () => await records.read('collection/retrievals.json')],
    ['policy', requirePolicy],
    ...(reports ? [['PDF engine', pdfEngine] as const] : []),
    ...[...rotation.stores].map(
      ([vault, store]) => [`vault ${vault}`, async () => await store.latest(settings.canarySecret)] as const,
    ),
  ];
  return await Promise.all(
    looks.map(async ([what, ask]) => {
      try {
        await ask();
        return { what, ready: true, says: what.startsWith('vault ') || what === 'records' ? 'reachable' : 'there' };
      } catch (error) {
        return { what, ready: false, says: ServiceError.is(error) ? error.code : 'failed' };
      }
    }),
  );
}

/** Calls until it worked once: what a machine has, it keeps. */
function onceItWorks(ask: () => Promise<void>): () => Promise<void> {
  let works = false;
  return async () => {
    if (works) return;
    await ask();
    works = true;
  };
}
