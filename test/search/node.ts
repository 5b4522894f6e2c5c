import type { Run } from '../../src/rotation/act/run.ts';
import type { Act } from '../../src/rotation/decide/decision.ts';
import type { TargetJournal } from '../../src/rotation/journal/target-journal.ts';
import type { Sight } from '../../src/rotation/observe/observe.ts';
import type { Worker } from '../../src/rotation/observe/target.ts';
import type { IssuedCredential } from '../../src/rotation/ports/credential-issuer.ts';
import type { Truth } from './small-world.ts';

const minuteMs = 60_000;
/** Past the last moment to send, past the last moment to arrive, past a grace. */
export const jumpsMs = [3 * minuteMs, 16 * minuteMs, 120 * minuteMs];

/** How much trouble a world may have. */
export interface Bounds {
  readonly workers: number;
  /** Requests that are lost before or after their effect, or arrive late. */
  readonly losses: number;
  readonly crashes: number;
  /** Acts of other people: see `other-hands.ts`. */
  readonly foreign: number;
  readonly jumps: number;
  /** The policy wants a go, and approvals of publishing and of ending, which a person may give whenever they are asked for. */
  readonly asks?: boolean;
  /** A further place is to hold what the vault serves. */
  readonly place?: boolean;
  /** Somebody else may set the secret between the last look and the request, too: no machine can win that. */
  readonly races?: boolean;
}

/** A worker between two steps, as values. */
export interface WorkerAt {
  readonly name: string;
  /** What it knows of the journal while an act is under way; one that is idle reads it all. */
  readonly journal: TargetJournal | null;
  readonly remembered: ReadonlyMap<string, IssuedCredential>;
  readonly checkedAt: Date | null;
  readonly under: UnderWay | null;
}

export interface UnderWay {
  readonly act: Act;
  /** Whether the policy bound the target when the worker looked. */
  readonly bound: boolean;
  readonly sight: Sight;
  readonly found: Run['found'];
  /** The next step. */
  readonly step: number;
  readonly operations: Worker['operations'];
}

/** One state of the world with its workers, restored as it is: nothing is replayed. */
export interface Node {
  readonly truth: Truth;
  readonly workers: readonly WorkerAt[];
  /** How much trouble may still come. */
  readonly left: Bounds;
}

/** A state that follows on another, and by what. */
export interface Child {
  readonly node: Node;
  readonly says: string;
  /** What must not have happened on the way. */
  readonly broken: string | null;
}
