import { comparePolicies } from './compare-policies.ts';
import { formatDuration } from './duration.ts';
import { namespaceCovers } from './namespace-covers.ts';
import type { Namespace, Policy, SecretBinding } from './policy.ts';

/** What a change of the policy would do. */
export interface PolicyConsequence {
  readonly kind: 'becomes-bound' | 'becomes-unbound' | 'becomes-due' | 'may-read' | 'may-no-longer-read' | 'changes';
  /** Whether it allows more or demands less than before. */
  readonly widens: boolean;
  /** One sentence without its full stop. */
  readonly says: string;
}

/** The newest version of a secret as an inventory knows it. */
export interface AgedSecret {
  /** `vault/name`, lower-case. */
  readonly key: string;
  readonly created: Date;
  readonly expires: Date | null;
}

/** From when on a version would be replaced. Given from outside: the rotation knows it. */
type DueFrom = (secret: AgedSecret, binding: SecretBinding) => Date;

interface Ages {
  readonly secrets: readonly AgedSecret[];
  readonly dueFrom: DueFrom;
  readonly now: Date;
}

/**
 * Says what would change from one policy to another: consequences first, then each difference as it is written. `ages`:
 * `null` where nothing is known of the secrets' versions; then what may become due is said as such.
 */
export function policyConsequences(before: Policy, after: Policy, ages: Ages | null): readonly PolicyConsequence[] {
  return [
    ...bound(before, after),
    ...due(before, after, ages),
    ...readers(before, after),
    ...comparePolicies(before, after).map(
      ({ description, widens }): PolicyConsequence => ({ kind: 'changes', widens, says: description }),
    ),
  ];
}

function bound(before: Policy, after: Policy): readonly PolicyConsequence[] {
  const gone = [...before.secrets.keys()].filter((key) => !after.secrets.has(key));
  const fresh = [...after.secrets].filter(([key]) => !before.secrets.has(key));
  return [
    ...gone.map((key): PolicyConsequence => {
      const rest = after.tracked.has(key) ? 'it is only tracked' : 'nobody is reminded of it either';
      return {
        kind: 'becomes-unbound',
        widens: true,
        says: `${key} becomes unbound: nothing replaces it, and ${rest}`,
      };
    }),
    ...fresh.map(([key, { issuer }]): PolicyConsequence => {
      return { kind: 'becomes-bound', widens: false, says: `${key} becomes bound to ${issuer}` };
    }),
  ];
}

function due(before: Policy, after: Policy, ages: Ages | null): readonly PolicyConsequence[] {
  return [...after.secrets].flatMap(([key, binding]): PolicyConsequence[] => {
    const old = before.secrets.get(key);
    const isSooner =
      old === undefined || binding.validityMs < old.validityMs || (old.mode !== binding.mode && old.mode === 'off');
    if (!isSooner || binding.mode === 'off') return [];
    const who = whoBegins(binding);
    const within = `its validity is ${formatDuration(binding.validityMs)}`;
    if (ages === null) {
      return [
        {
          kind: 'becomes-due',
          widens: false,
          says: `${key} may become due: ${within}, and its age is not known here${who}`,
        },
      ];
    }
    const secret = ages.secrets.find((one) => one.key === key);
    if (secret === undefined || ages.dueFrom(secret, binding) > ages.now) return [];
    if (old !== undefined && old.mode !== 'off' && ages.dueFrom(secret, old) <= ages.now) return [];
    return [{ kind: 'becomes-due', widens: false, says: `${key} becomes due: ${within}${who}` }];
  });
}

function whoBegins({ mode, first }: SecretBinding): string {
  if (mode === 'by-hand') return ', and waits for a person to begin';
  return first === 'go' ? ', and its first rotation waits for a go' : '';
}

function readers(before: Policy, after: Policy): readonly PolicyConsequence[] {
  const keys = [...after.secrets.keys(), ...after.tracked.keys()].sort();
  return keys.flatMap((key): PolicyConsequence[] => {
    const [old, now] = [namespacesOf(before, key), namespacesOf(after, key)];
    if (old === null || now === null) return [];
    return [
      ...notIn(old, now).map(
        (says): PolicyConsequence => ({
          kind: 'may-no-longer-read',
          widens: false,
          says: `${says} may no longer read ${key}`,
        }),
      ),
      ...notIn(now, old).map(
        (says): PolicyConsequence => ({
          kind: 'may-read',
          widens: true,
          says: `${says} may read ${key}, and may not now`,
        }),
      ),
    ];
  });
}

/** The namespaces whose jobs may read a secret. One that names none is held against none: all jobs may. */
function namespacesOf(policy: Policy, key: string): readonly Namespace[] | null {
  const entry = policy.secrets.get(key) ?? policy.tracked.get(key);
  if (entry === undefined) return null;
  if (entry.namespaces.length === 0) return [everyJob];
  return entry.namespaces.flatMap((name) => policy.namespaces.get(name) ?? []);
}

const everyJob: Namespace = {
  name: '',
  repositories: [],
  branches: [],
  events: [],
  forks: true,
  workflows: [],
  protectedBranch: false,
};

/** Jobs of the first that no namespace of the second lets in. */
function notIn(first: readonly Namespace[], second: readonly Namespace[]): readonly string[] {
  const lost = first.flatMap((one) => {
    const repositories = one.repositories.length === 0 ? [null] : one.repositories;
    return repositories.flatMap((repository) => {
      const narrowed = repository === null ? one : { ...one, repositories: [repository] };
      if (second.some((other) => namespaceCovers(other, narrowed))) return [];
      const whose = repository === null ? 'any repository' : repository;
      const isPart = second.some(
        ({ repositories: all }) =>
          all.length === 0 ||
          (repository !== null && all.some((name) => name.toLowerCase() === repository.toLowerCase())),
      );
      return [`${isPart ? 'Some jobs' : 'Jobs'} of ${whose}${one.name === '' ? '' : ` (namespace ${one.name})`}`];
    });
  });
  return [...new Set(lost)];
}
