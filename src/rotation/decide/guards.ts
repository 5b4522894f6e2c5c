import type { JournalAct } from '../journal/journal-entry.ts';
import { type InFlight, type TargetState, failureKey, mayArrive } from '../journal/target-state.ts';
import type { ErrorCode } from '../../service-error.ts';
import type { Call, Observation, Ruling, Terms } from './decision.ts';

/** Calls a person for a failure that the catalogue names. */
export function callFor(code: ErrorCode, about: JournalAct, credential: string | null): { readonly call: Call } {
  return { call: { code, about, credential } };
}

/** Acts that set something in place at a provider: arriving late they undo what came meanwhile. */
export const setting: ReadonlySet<JournalAct> = new Set(['issue', 'repair', 'end']);

/** What holds back an act that failed lately: its time to try again, or a person when its tries are spent. */
export function retryGuard(state: TargetState, about: JournalAct, credential: string | null, now: Date): Ruling {
  const failed = state.failures.get(failureKey(about, credential));
  if (failed === undefined) return null;
  if (failed.spent) return { call: { code: failed.code, about, credential } };
  const until = new Date(failed.retryAt);
  return until > now ? { wait: { until, why: 'retry', about, credential } } : null;
}

/** Nothing is begun, set, published or ended while our clock and the vault's disagree, or while the kill switch is on. */
export function worldGuard({ clocksAgree }: Observation, { stopped }: Terms, about: JournalAct): Ruling {
  if (stopped) return { wait: { until: null, why: 'stopped', about, credential: null } };
  return clocksAgree ? null : { wait: { until: null, why: 'clock', about, credential: null } };
}

/** What holds back an act that may have failed lately, and that changes the world. */
export function tryGuard(
  state: TargetState,
  o: Observation,
  terms: Terms,
  about: JournalAct,
  credential: string | null,
): Ruling {
  return retryGuard(state, about, credential, o.now) ?? worldGuard(o, terms, about);
}

/** Waits until none of these requests can arrive any more; `null` if there are none. */
export function arrivalOf(requests: readonly InFlight[], about: JournalAct, credential: string | null): Ruling {
  if (requests.length === 0) return null;
  const until = new Date(Math.max(...requests.map(({ notAfter }) => Date.parse(notAfter))));
  return { wait: { until, why: 'in-flight', about, credential } };
}

/**
 * Holds back what a request in flight would undo. A minted credential has a name of its own, and ending it twice ends nothing
 * else; a password, a key or a user that is set in place does not.
 */
export function inFlightGuard(
  state: TargetState,
  { now }: Observation,
  { credentialClass }: Pick<Terms, 'credentialClass'>,
  about: JournalAct,
  but: (request: InFlight) => boolean,
): Ruling {
  if (credentialClass === 'minted' || credentialClass === 'self') return null;
  const late = mayArrive(state, now).filter((request) => setting.has(request.act) && !but(request));
  return arrivalOf(late, about, null);
}
