import { dayMs } from '../rotation/world/rotation-world.ts';
import {
  type HeldVersion,
  latestOf,
  latestWorks,
  replaced,
  type SearchedClass,
  secret,
  type Truth,
  versionId,
} from './small-world.ts';

/** What somebody else may do, as a change of the world; `null` where it cannot be done, or would change nothing. */
export const otherHands: Readonly<Record<string, (truth: Truth, kind: SearchedClass) => Truth | null>> = {
  'sets the oldest value': (truth, kind) => setByAnother(truth, kind, 'oldest'),
  'sets the newest value': (truth, kind) => setByAnother(truth, kind, 'newest'),
  'disables the newest version': disabled,
  'changes the credential in force at the provider': changedAtProvider,
  'takes the secret out of the policy': (truth) => (truth.bound ? { ...truth, bound: false } : null),
};

/** Somebody sets the secret to a value that worked before and works still, or once more to the newest. */
function setByAnother(truth: Truth, kind: SearchedClass, which: 'oldest' | 'newest'): Truth | null {
  const versions = truth.vault.filter(({ name }) => name === secret);
  const value = (which === 'oldest' ? versions[0] : versions.at(-1))?.value ?? '';
  if (which === 'oldest' && versions.at(-1)?.value === value) return null;
  if (kind === 'single' && which === 'oldest') return null;
  if (kind !== 'self' && kind !== 'single' && !truth.provider.some((one) => one.value === value)) return null;
  const held: HeldVersion = {
    name: secret,
    version: versionId(secret, versions.length),
    enabled: true,
    notBefore: null,
    expires: new Date(truth.nowMs + 5 * dayMs),
    created: new Date(truth.nowMs),
    contentType: null,
    tags: {},
    value,
  };
  return { ...truth, vault: [...truth.vault, held] };
}

/** The reflex in a leak. */
function disabled(truth: Truth): Truth | null {
  const latest = latestOf(truth);
  if (latest?.enabled !== true) return null;
  const vault = truth.vault.map((one) => (one === latest ? { ...one, enabled: false } : one));
  return { ...truth, vault, disabledByPerson: latest.version };
}

/** A password or a key is changed by hand, or a token deleted. */
function changedAtProvider(truth: Truth, kind: SearchedClass): Truth | null {
  const value = latestOf(truth)?.value;
  const held = truth.provider.find((one) => one.value === value);
  if (held === undefined || !latestWorks(kind, truth)) return null;
  const others = truth.provider.filter((one) => one !== held);
  const provider = kind === 'minted' ? others : replaced(truth.provider, { ...held, value: 'by hand' });
  return { ...truth, provider, endedByHand: [...truth.endedByHand, held.value] };
}

/** The person who disabled the newest version enables it again. */
export function enabledAgain(truth: Truth): Truth {
  const vault = truth.vault.map((one) => (one.version === truth.disabledByPerson ? { ...one, enabled: true } : one));
  return { ...truth, vault, disabledByPerson: '' };
}
