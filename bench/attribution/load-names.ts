/** The identities, secrets and Gitea of every load. */
export interface LoadNames {
  readonly instance: string;
  readonly identities: readonly LoadIdentity[];
  readonly secrets: readonly { readonly name: string; readonly version: string }[];
}

export interface LoadIdentity {
  readonly objectId: string;
  readonly applicationId: string;
  readonly repositories: readonly string[];
  readonly address: string;
}

/** Twenty identities, each of which serves ten repositories from one address, and 400 secrets. */
export function createLoadNames(random: () => number): LoadNames {
  return {
    instance: 'e8d6a85a',
    identities: Array.from({ length: 20 }, (_, index) => ({
      objectId: randomUuid(random),
      applicationId: randomUuid(random),
      repositories: Array.from({ length: 10 }, (_each, part) => `org/repo-${String(index * 10 + part)}`),
      address: `203.0.113.${String(index + 1)}`,
    })),
    secrets: Array.from({ length: 400 }, (_, index) => ({
      name: `secret-${String(index)}`,
      version: randomHex(random, 32),
    })),
  };
}

export function randomHex(random: () => number, length: number): string {
  let digits = '';
  while (digits.length < length)
    digits += Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return digits.slice(0, length);
}

export function randomUuid(random: () => number): string {
  const digits = randomHex(random, 32);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
}
