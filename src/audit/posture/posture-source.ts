import type { Posture } from '../model/posture.ts';

/** Looks at who may read and how the vaults are set up. */
export interface PostureSource {
  /** Looks once, at everything. A part that could not be looked at says so in its place; it never counts as absent. */
  look(now: Date): Promise<Posture>;
}
