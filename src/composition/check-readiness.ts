import { ServiceError } from '../service-error.ts';
import type { Composition } from './composition.ts';

/** What must be reachable for work to go on, looked at now. */
export async function checkReadiness({
  records,
  rotation,
  settings,
}: Pick<Composition, 'records' | 'rotation' | 'settings'>): Promise<
  readonly { what: string; ready: boolean; says: string }[]
> {
  const looks: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['records', async () => await records.read('collection/retrievals.json')],
    ...[...rotation.stores].map(
      ([vault, store]) => [`vault ${vault}`, async () => await store.latest(settings.canarySecret)] as const,
    ),
  ];
  return await Promise.all(
    looks.map(async ([what, look]) => {
      try {
        await look();
        return { what, ready: true, says: 'reachable' };
      } catch (error) {
        return { what, ready: false, says: ServiceError.is(error) ? error.code : 'failed' };
      }
    }),
  );
}
