import type { SecretVersion } from '../rotation/ports/secret-store.ts';

/** A secret as it is found, by the short name of its vault. */
export interface FoundSecret {
  readonly vault: string;
  readonly secret: SecretVersion;
}

export interface ProposedPolicy {
  /** `keyturn.policy.yml`, to be read and corrected by a person before it is used. */
  readonly text: string;
  readonly bound: number;
  /** Secrets of which nothing says what they belong to: they stand in comments. */
  readonly unknown: number;
  /** Secrets that Microsoft's sample functions may still be rotating. */
  readonly sample: readonly string[];
}

/** Tags by which Microsoft's sample functions know what they rotate. Source: Azure-Samples, KeyVault-Rotation-… */
const sampleTags = { validity: 'ValidityPeriodDays', slot: 'CredentialId', provider: 'ProviderAddress' } as const;

const resourceId = /^\/subscriptions\/[^\s?#%]{1,500}$/i;
const environmentName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const usualDays = 90;
/** The policy takes no longer one; and into a shorter one the usual grace of a day does not fit. */
const mostDays = 3_650;
const leastDays = 2;

const head = `# Proposed from what the vaults hold. Nothing of it is in force until KEYTURN_POLICY names this file.
# Read every line: a tag can be written by anybody who may set the secret, so a provider named by one is a claim.
`;

/**
 * A policy that binds what its tags tell enough of, and lists the rest in comments. A secret is never bound by a guess:
 * rotating a value that nobody knows how to make would break whoever uses it.
 */
export function proposePolicy(found: readonly FoundSecret[]): ProposedPolicy {
  const bound: string[] = [];
  const unknown: string[] = [];
  const sample: string[] = [];
  let counted = 0;
  const ordered = found.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const one of ordered) {
    const { tags } = one.secret;
    const key = nameOf(one);
    const provider = tags[sampleTags.provider] ?? '';
    if (provider !== '' || tags[sampleTags.slot] !== undefined) sample.push(key);
    const validity = `${String(validityDays(one.secret))}d`;
    if (resourceId.test(provider)) {
      bound.push(...bindingLines(key, { provider, validity, environment: tags['environment'] ?? '' }));
      counted += 1;
    } else {
      unknown.push(`#  ${key}: { issuer: ISSUER, target: {}, validity: ${validity} }`);
    }
  }
  const rest =
    unknown.length === 0
      ? []
      : [
          '# What these belong to is not known. Name the issuer (docs/issuers.md) and its target, or leave them out.',
          ...unknown,
        ];
  const lines = ['format: 1', counted === 0 ? '# secrets:' : 'secrets:', ...bound, ...rest];
  return { text: `${head}\n${lines.join('\n')}\n`, bound: counted, unknown: unknown.length, sample };
}

/** What came from tags is written as JSON text, which YAML reads as text and nothing else. */
function bindingLines(key: string, known: { provider: string; validity: string; environment: string }): string[] {
  const { provider, validity, environment } = known;
  return [
    `  ${key}:`,
    '    issuer: azure-keys',
    `    target: { resource: ${JSON.stringify(provider)} }`,
    `    validity: ${validity}`,
    ...(environmentName.test(environment) ? [`    environment: ${JSON.stringify(environment)}`] : []),
  ];
}

function nameOf({ vault, secret }: FoundSecret): string {
  return `${vault}/${secret.name}`;
}

/** As the sample's tag says, else as long as the newest version lasts, else as is usual; within what the policy takes. */
function validityDays({ tags, created, expires }: SecretVersion): number {
  const tagged = tags[sampleTags.validity] ?? '';
  const lasts = expires === null ? usualDays : Math.round((expires.getTime() - created.getTime()) / 86_400_000);
  const days = /^[1-9]\d{0,4}$/.test(tagged) ? Number(tagged) : lasts;
  return Math.min(mostDays, Math.max(leastDays, days));
}
