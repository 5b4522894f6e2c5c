import type { Policy } from '../../secrets/policy.ts';
import type { NotSeenReason, Posture } from '../model/posture.ts';
import { type EffectiveReader, effectiveReaders, type ReaderGrant } from './effective-readers.ts';
import { policyAccess } from './policy-access.ts';

/** One secret of a vault. `isOwn`: Keyturn's own, or a pending value. Names are lower-case. */
export interface KnownSecret {
  readonly vault: string;
  readonly secret: string;
  readonly isOwn: boolean;
}

/** One difference between the policy and the grants. */
export interface AccessDifference {
  /** `missing`: the policy needs a grant that is not there. */
  readonly kind: 'too-much' | 'missing';
  readonly vault: string;
  /** `null`: every secret of the vault. */
  readonly secret: string | null;
  readonly principalId: string;
  /** The grant that is too much; `null` for a missing one. */
  readonly grant: ReaderGrant | null;
  readonly why: string;
}

/** A grant that cannot be judged from here: conditional, eligible, or by a group that was not seen. */
interface UndecidedGrant {
  readonly vault: string;
  readonly principalId: string;
  readonly grant: ReaderGrant;
}

export interface AccessDrift {
  readonly differences: readonly AccessDifference[];
  readonly undecided: readonly UndecidedGrant[];
  /** Vaults whose grants were not seen: nothing is said of them. */
  readonly notSeen: readonly { readonly vault: string; readonly because: NotSeenReason }[];
}

/** Compares the policy with the grants at the moment of a look, for the secrets that exist or that the policy binds. */
export function accessDrift(policy: Policy, posture: Posture, secrets: readonly KnownSecret[]): AccessDrift {
  const at = new Date(posture.at);
  const drift = {
    differences: [] as AccessDifference[],
    undecided: [] as UndecidedGrant[],
    notSeen: [] as { vault: string; because: NotSeenReason }[],
  };
  for (const { vault } of posture.vaults) {
    const whole = effectiveReaders(posture, { vault, secret: null }, at);
    if (whole.outcome === 'not-seen') {
      drift.notSeen.push({ vault, because: whole.because });
      continue;
    }
    const known = secrets.filter((one) => one.vault === vault);
    const readers = known.map((one) => {
      const seen = effectiveReaders(posture, { vault, secret: one.secret }, at);
      return { one, readers: seen.outcome === 'seen' ? seen.value : [] };
    });
    const wide = whole.value.flatMap((reader) => tooWide(policy, vault, reader));
    const single = readers.flatMap(({ one, readers: all }) => all.flatMap((reader) => tooMuch(policy, one, reader)));
    drift.differences.push(...wide, ...single, ...missing(policy, vault, whole.value, readers));
    drift.undecided.push(...undecided(vault, [whole.value, ...readers.map((one) => one.readers)]));
  }
  return drift;
}

/** Grants on a whole vault: the rotator needs one, and the platform and a broker of that vault are allowed one. */
function tooWide(policy: Policy, vault: string, { principalId, grants }: EffectiveReader): readonly AccessDifference[] {
  const role = policy.identities.get(principalId)?.role ?? 'unknown';
  if (role === 'rotator' || role === 'broker' || role === 'platform') return [];
  const why =
    role === 'unknown'
      ? 'the policy does not list the identity'
      : `a ${role} needs single secrets, not the whole vault`;
  return grants
    .filter(({ verdict }) => verdict === 'may-read')
    .map((grant) => ({ kind: 'too-much', vault, secret: null, principalId, grant, why }));
}

function tooMuch(
  policy: Policy,
  known: KnownSecret,
  { principalId, grants }: EffectiveReader,
): readonly AccessDifference[] {
  const access = policyAccess(policy, principalId, known);
  if (access !== 'forbidden' && access !== 'unknown-identity') return [];
  const why =
    access === 'unknown-identity'
      ? 'the policy does not list the identity'
      : 'the policy does not open the secret to it';
  const { vault, secret } = known;
  return grants
    .filter(({ verdict, reach }) => verdict === 'may-read' && reach === 'secret')
    .map((grant) => ({ kind: 'too-much', vault, secret, principalId, grant, why }));
}

function missing(
  policy: Policy,
  vault: string,
  whole: readonly EffectiveReader[],
  readers: readonly { readonly one: KnownSecret; readonly readers: readonly EffectiveReader[] }[],
): readonly AccessDifference[] {
  return [...policy.identities].flatMap(([principalId, { role }]) => {
    const lacking = (secret: string | null, why: string): AccessDifference => ({
      kind: 'missing',
      vault,
      secret,
      principalId,
      grant: null,
      why,
    });
    if (role === 'rotator') {
      return mayRead(whole, principalId) ? [] : [lacking(null, 'the rotator reads every secret that it rotates')];
    }
    return readers
      .filter(({ one, readers: all }) => {
        return policyAccess(policy, principalId, one) === 'needed' && !mayRead(all, principalId);
      })
      .map(({ one }) => lacking(one.secret, 'the policy opens the secret to a repository that it serves'));
  });
}

function mayRead(readers: readonly EffectiveReader[], principalId: string): boolean {
  return readers.some((reader) => reader.principalId === principalId && reader.verdict === 'may-read');
}

function undecided(vault: string, readers: readonly (readonly EffectiveReader[])[]): readonly UndecidedGrant[] {
  const found = new Map<string, UndecidedGrant>();
  for (const { principalId, grants } of readers.flat()) {
    for (const grant of grants) {
      const isOpen = ['on-condition', 'may-activate', 'cannot-tell'].includes(grant.verdict);
      if (isOpen) found.set(`${principalId} ${grant.id}`, { vault, principalId, grant });
    }
  }
  return [...found.values()];
}
