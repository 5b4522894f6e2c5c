import type { JournalAct } from '../journal/journal-entry.ts';
import { type InFlight, type TargetState, failureKey, mayArrive } from '../journal/target-state.ts';
import type { ErrorCode } from '../../service-error.ts';
import type { Call, Observation, Ruling, Terms } from './decision.ts';

/** Calls a person for a failure that the catalogue names. */
export function callFor(code: ErrorCode, about: JournalAct, credential: string | null): { readonly call: Call } {
  return { call: { code, about, credential } };
}

/** Acts that set something in place at a provider: arriving late they undo what came meanwhile. */
const setting: ReadonlySet<JournalAct> = new Set(['issue', 'repair', 'end']);

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
  const times = mayArrive(state, now)
    .filter((request) => setting.has(request.act) && !but(request))
    .map(({ notAfter }) => Date.parse(notAfter));
  if (times.length === 0) return null;
  const until = new Date(Math.max(...times));
  return { wait: { until, why: 'in-flight', about, credential: null } };
}
