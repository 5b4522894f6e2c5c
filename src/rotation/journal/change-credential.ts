import { type Credential, openAttempt, type Rotation, type TargetState } from './target-state.ts';
import type { Life } from './transitions.ts';

export function fresh(key: string, ours: boolean): Credential {
  return {
    key,
    ours,
    credentialId: null,
    knownFrom: ours ? 'provider' : 'nowhere',
    perhaps: [],
    life: ours ? 'intended' : 'idle',
    served: false,
    idleSince: null,
    endingSince: null,
    endedAt: null,
    shown: null,
  };
}

export function withCredential(state: TargetState, credential: Credential): TargetState {
  return { ...state, credentials: new Map(state.credentials).set(credential.key, credential) };
}

export function change(
  state: TargetState,
  key: string,
  to: (credential: Credential) => Partial<Credential>,
): TargetState {
  const known = state.credentials.get(key);
  return known === undefined ? state : withCredential(state, { ...known, ...to(known) });
}

export function withRotation(
  state: TargetState,
  credential: string | null,
  to: (rotation: Rotation) => Partial<Rotation>,
): TargetState {
  const open = openAttempt(state);
  if (open === null || open.credential !== credential) return state;
  return { ...state, rotations: state.rotations.map((one) => (one === open ? { ...one, ...to(one) } : one)) };
}

export function mayEndNext(life: Life): boolean {
  return life === 'idle' || life === 'ending';
}

export function idleFrom(at: string): Pick<Credential, 'life' | 'idleSince' | 'endingSince'> {
  return { life: 'idle', idleSince: at, endingSince: null };
}
