import { dayMs } from '../secrets/duration.ts';
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
  /** Secrets whose provider is not known. The proposal lists them as comments. */
  readonly unknown: number;
  /** Secrets that Microsoft's sample functions may still be rotating. */
  readonly sample: readonly string[];
}

/** The tags that tell Microsoft's sample functions what to rotate. Source: Azure-Samples, KeyVault-Rotation-… */
const sampleTags = { validity: 'ValidityPeriodDays', slot: 'CredentialId', provider: 'ProviderAddress' } as const;

const resourceId = /^\/subscriptions\/[^\s?#%]{1,500}$/i;
const environmentName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const usualDays = 90;
/** The policy accepts at most this validity; the usual grace of a day does not fit into a shorter one. */
const mostDays = 3_650;
const leastDays = 2;

const head = `# Proposed from what the vaults hold. Nothing of it is in force until KEYTURN_POLICY names this file.
# Read every line: a tag can be written by anybody who may set the secret, so a provider named by one is a claim.
`;

/**
 * Proposes a policy that binds the secrets whose tags say enough, and lists the rest as comments. It never guesses a binding,
 * because rotating a value of an unknown kind would break its consumers.
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

/** Writes tag values as JSON strings, which YAML reads only as text. */
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

/** The validity of the sample's tag, or the lifetime of the newest version, or the usual one, within the limits of the policy. */
function validityDays({ tags, created, expires }: SecretVersion): number {
  const tagged = tags[sampleTags.validity] ?? '';
  const lasts = expires === null ? usualDays : Math.round((expires.getTime() - created.getTime()) / dayMs);
  const days = /^[1-9]\d{0,4}$/.test(tagged) ? Number(tagged) : lasts;
  return Math.min(mostDays, Math.max(leastDays, days));
}
