import type { SeenIdentity } from './find-readers.ts';
import { describeBinding, type Described, listedLine } from './describe-binding.ts';
import type { FoundSecret, ProposedSecret, Surroundings } from './found-secret.ts';
import { recogniseSecret } from './recognise-secret.ts';
import type { Recognition } from './recognition.ts';
import { sampleTags } from './recognise-tags.ts';

export interface ProposedPolicy {
  /** `keyturn.policy.yml`, to be read and corrected by a person before it is used. */
  readonly text: string;
  readonly proposals: readonly ProposedSecret[];
  /** Secrets that Microsoft's sample functions may still be rotating. */
  readonly sample: readonly string[];
}

/** Where a released schema is; `keyturn policy schema` writes the same one. */
const policySchemaFile = 'keyturn.policy.schema.json';

const head = `# yaml-language-server: $schema=./${policySchemaFile}
# (keyturn policy schema > ${policySchemaFile} makes this file, with which an editor completes and checks every line.)
#
# Proposed from what the vaults hold, from the log and from Gitea, without reading a value. Nothing of it is in force until
# KEYTURN_POLICY names this file. Each proposal says what it rests on: high, a provider's own id or two signs that agree;
# medium, the words of a name; low, a guess. A tag can be written by anybody who may set the secret: what it names is a claim.
# Nothing is replaced by itself: mode by-hand waits for keyturn rotate NAME, and first: go for a person's go.
# keyturn policy check FILE says what is wrong in it; docs/policy.md explains each key.`;

/**
 * Proposes a policy: a binding for each secret whose issuer and whole target are known, a tracked secret where the target is
 * not complete or no issuer can make the value, and a comment for each that is left alone. The text is a valid policy as it
 * is. Order: by vault and name.
 */
export function proposePolicy(found: readonly FoundSecret[], around: Surroundings): ProposedPolicy {
  const ordered = found.map(withUsableReaders).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const namespaces = nameNamespaces(ordered);
  const described = ordered.map((one) => {
    const repositories = (one.readers ?? []).map(({ repository }) => repository);
    const recognition = recogniseSecret({ secret: one.secret, repositories, giteaUrl: around.giteaUrl });
    return { one, ...describeBinding(one, recognition, { ...around, namespaces }) };
  });
  const active = described.flatMap(({ lines }) => lines);
  const left = described.filter(({ lines }) => lines.length === 0);
  const sections = [
    'format: 1',
    'defaults: { mode: by-hand, first: go }',
    ...section('secrets', active),
    ...aside('Key Vault renews these with their certificates; the policy has nothing to do for them.', left, 'managed'),
    ...aside(
      'What these are is not known. Name the issuer (docs/issuers.md) and its target, leave the issuer out to be reminded, or leave them out.',
      left,
      'unknown',
    ),
    ...section('namespaces', namespaceLines(namespaces)),
    ...section(
      'identities',
      around.identities.flatMap((one) => identityLines(one, around.ownRole)),
    ),
  ];
  return {
    text: `${head}\n${sections.map(oneLine).join('\n')}\n`,
    proposals: described.map(({ proposed }) => proposed),
    sample: ordered.filter(({ secret: { tags } }) => isSample(tags)).map(nameOf),
  };
}

/** Names come from outside, and one with a line break could add an entry. */
function oneLine(line: string): string {
  // oxlint-disable-next-line no-control-regex
  return line.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}

function isSample(tags: Readonly<Record<string, string>>): boolean {
  return (tags[sampleTags.provider] ?? '') !== '' || tags[sampleTags.slot] !== undefined;
}

function nameOf({ vault, secret }: FoundSecret): string {
  return `${vault}/${secret.name}`;
}

function section(name: string, lines: readonly string[]): readonly string[] {
  return lines.every((line) => line.trimStart().startsWith('#')) ? lines : [`${name}:`, ...lines];
}

function aside(
  says: string,
  left: readonly (Described & { readonly one: FoundSecret })[],
  kind: Recognition['kind'],
): readonly string[] {
  const lines = left
    .filter(({ proposed }) => proposed.kind === kind)
    .map(({ one, proposed }) => listedLine(one, proposed));
  return lines.length === 0 ? [] : [`# ${says}`, ...lines];
}

/** Gitea's names, as a policy can write them. */
function withUsableReaders(one: FoundSecret): FoundSecret {
  const readers = one.readers?.filter(({ repository }) => /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository));
  return readers === undefined ? one : { ...one, readers };
}

/** A name for the jobs of each repository that reads a secret, by the repository. */
function nameNamespaces(found: readonly FoundSecret[]): ReadonlyMap<string, string> {
  const repositories = new Set(found.flatMap(({ readers = [] }) => readers.map(({ repository }) => repository)));
  const names = new Map<string, string>();
  for (const repository of [...repositories].sort()) {
    const plain =
      repository
        .replaceAll(/[^\w.-]+/g, '-')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, 90) || 'repository';
    const taken = [...names.values()].filter((name) => name === plain || name.startsWith(`${plain}.`)).length;
    names.set(repository, taken === 0 ? plain : `${plain}.${String(taken + 1)}`);
  }
  return names;
}

function namespaceLines(namespaces: ReadonlyMap<string, string>): readonly string[] {
  return [...namespaces].flatMap(([repository, name]) => [
    `  # Jobs of this repository read secrets above. Narrow it: branches, events, workflows, protectedBranch.`,
    `  ${JSON.stringify(name)}: { repositories: [${JSON.stringify(repository)}] }`,
  ]);
}

function identityLines(one: SeenIdentity, ownRole: string): readonly string[] {
  const { objectId, reads, ours, repositories, labels, addresses } = one;
  if (ours) {
    return [
      `  # ${String(reads)} reads, the canary's among them: Keyturn itself.`,
      `  ${objectId}: { role: ${ownRole} }`,
    ];
  }
  if (repositories.length === 0) {
    return [
      `  # ${String(reads)} reads that no job can be tied to: a runner, Azure itself, or somebody who should not read.`,
      `  # ${objectId}: { role: runner }`,
    ];
  }
  const list = (texts: readonly string[]) => `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;
  return [
    `  # ${String(reads)} reads, tied to jobs of ${repositories.join(', ')}. Where only those can use it, add`,
    `  #   repositories: ${list(repositories)}`,
    ...(addresses.length > 0 && addresses.length <= 8
      ? [`  # and, where it reaches the vaults from nowhere else, addresses: ${list(addresses)}`]
      : []),
    `  ${objectId}: { role: runner, labels: ${list(labels)} }`,
  ];
}
