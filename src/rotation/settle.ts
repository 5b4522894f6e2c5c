import { ServiceError } from '../service-error.ts';
import { decide } from './decide/decide.ts';
import { type Decision, lookName } from './decide/decision.ts';
import { look } from './observe/look.ts';
import type { Sight } from './observe/observe.ts';
import { stateOf, type Target, type Worker } from './observe/target.ts';

/** A decision, what it was made on, and the first thing that could not be looked at. */
export interface Settled {
  readonly decision: Exclude<Decision, { kind: 'look' }>;
  readonly sight: Sight;
  readonly fault: ServiceError | null;
}

/**
 * Decides, and looks at what the decision asks for, until it asks for nothing more. What a provider or a log does not tell holds
 * back its own act alone: the other rules go on. `judge`: what is asked instead of `decide`.
 * @throws ServiceError when a vault or a record does not answer.
 */
export async function settle(target: Target, worker: Worker, first: Sight, judge = decide): Promise<Settled> {
  let sight = first;
  let fault: ServiceError | null = null;
  for (;;) {
    const decision = judge(sight.observation, stateOf({ target, worker }), sight.terms);
    if (decision.kind !== 'look') return { decision, sight, fault };
    let { seen } = sight.observation;
    try {
      seen = await look(target, worker, sight, decision.look);
    } catch (error) {
      if (!mayGoOn(error)) throw error;
      fault ??= error;
      seen = { ...seen, unseen: new Set(seen.unseen).add(lookName(decision.look)) };
    }
    sight = { ...sight, observation: { ...sight.observation, seen, checkedAt: worker.checkedAt } };
  }
}

/** Who asks to be left alone is left alone; without a vault or a record nothing can be decided. */
function mayGoOn(error: unknown): error is ServiceError {
  if (!ServiceError.is(error) || ServiceError.is(error, 'PROVIDER_THROTTLED')) return false;
  return error.layer === 'provider' || error.layer === 'log' || error.layer === 'gitea' || error.layer === 'identity';
}
