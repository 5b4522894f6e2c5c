import { z } from 'zod';
import { compareText } from '../../provenance/compare-text.ts';
import { ServiceError } from '../../service-error.ts';
import { type PackPlace, packRows } from './pack-rows.ts';

/** The file of an amendment that names every read that differs from the pack that it amends. */
export const changesName = 'read-changes';

interface Graded {
  readonly grade: string;
  readonly reason: string;
}

/** How one read of an amendment differs from the pack that it amends. */
export interface ReadChange {
  readonly id: string;
  readonly at: string;
  /** `arrived`: its row was not there when the pack was sealed. `left`: it no longer counts as a read. */
  readonly change: 'arrived' | 'left' | 'regraded';
  readonly before: Graded | null;
  readonly after: Graded | null;
}

const readShape = z.object({ id: z.string(), at: z.string(), grade: z.string(), reason: z.string() });
type Read = z.infer<typeof readShape>;

/**
 * Compares the reads of a pack with those of its amendment, in order of time, in one pass over both: the files are
 * ascending by `at`, then `id`.
 * @throws ServiceError `PACK_UNREADABLE` for a file that cannot be read as reads.
 */
export async function* compareReads(before: PackPlace, after: PackPlace): AsyncGenerator<ReadChange> {
  const [old, now] = [readsOf(before), readsOf(after)];
  let [one, other] = [await nextOf(old), await nextOf(now)];
  while (one !== null || other !== null) {
    const order = orderOf(one, other);
    if (order === 0 && one !== null && other !== null) {
      const { id, at } = one;
      if (one.grade !== other.grade || one.reason !== other.reason)
        yield { id, at, change: 'regraded', before: gradedOf(one), after: gradedOf(other) };
    } else if (order < 0 && one !== null) {
      yield { id: one.id, at: one.at, change: 'left', before: gradedOf(one), after: null };
    } else if (other !== null) {
      yield { id: other.id, at: other.at, change: 'arrived', before: null, after: gradedOf(other) };
    }
    if (order <= 0) one = await nextOf(old);
    if (order >= 0) other = await nextOf(now);
  }
}

async function* readsOf(place: PackPlace): AsyncGenerator<Read> {
  for await (const { value } of packRows(place, 'retrievals')) {
    const parsed = readShape.safeParse(value);
    if (!parsed.success)
      throw new ServiceError('PACK_UNREADABLE', { pack: place.pack, reason: 'a row of retrievals is not a read' });
    yield parsed.data;
  }
}

async function nextOf(reads: AsyncGenerator<Read>): Promise<Read | null> {
  const next = await reads.next();
  return next.done === true ? null : next.value;
}

/** What comes to its end sorts last. */
function orderOf(one: Read | null, other: Read | null): number {
  if (one === null) return 1;
  if (other === null) return -1;
  return compareText(one.at, other.at) || compareText(one.id, other.id);
}

function gradedOf({ grade, reason }: Read): Graded {
  return { grade, reason };
}
