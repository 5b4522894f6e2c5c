import { type Credential, openAttempt, type Rotation, type TargetState } from './target-state.ts';

/** A credential that an entry names for the first time: one that an attempt is to make, or one that was met. */
export function fresh(key: string, ours: boolean): Credential {
  const never = { idleSince: null, endingSince: null, endedAt: null, shown: null };
  const known = { credentialId: null, knownFrom: ours ? 'provider' : 'nowhere', perhaps: [] } as const;
  return { key, ours, ...known, life: ours ? 'intended' : 'idle', served: false, ...never };
}

export function withCredential(state: TargetState, credential: Credential): TargetState {
  return { ...state, credentials: new Map(state.credentials).set(credential.key, credential) };
}

/** The state with one credential changed; the same state where it is not known. */
export function change(
  state: TargetState,
  key: string,
  to: (credential: Credential) => Partial<Credential>,
): TargetState {
  const known = state.credentials.get(key);
  return known === undefined ? state : withCredential(state, { ...known, ...to(known) });
}

/** The state with its open attempt changed; the same state where that is not the credential's. */
export function openedRotation(
  state: TargetState,
  credential: string,
  to: (rotation: Rotation) => Partial<Rotation>,
): TargetState {
  const open = openAttempt(state);
  if (open?.credential !== credential) return state;
  return { ...state, rotations: state.rotations.map((one) => (one === open ? { ...one, ...to(one) } : one)) };
}

/** Nothing newest serves it from this time on. */
export function idleFrom(at: string): Pick<Credential, 'life' | 'idleSince' | 'endingSince'> {
  return { life: 'idle', idleSince: at, endingSince: null };
}
