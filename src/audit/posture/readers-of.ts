import type { Posture } from '../model/posture.ts';
import { type EffectiveReader, effectiveReaders } from './effective-readers.ts';

/** Who could read a secret, or (`null`) every secret of a vault, at the moment of a look; nobody where grants were not seen. */
export function readersOf(posture: Posture, vault: string, secret: string | null): readonly EffectiveReader[] {
  const readers = effectiveReaders(posture, { vault, secret }, new Date(posture.at));
  return readers.outcome === 'seen' ? readers.value : [];
}
