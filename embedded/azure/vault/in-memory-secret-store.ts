import { randomBytes } from 'node:crypto';

/** One version as the vault stores it. Times are Unix seconds. */
export interface StoredVersion {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly version: string;
  readonly value: string;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly enabled: boolean;
  readonly notBefore?: number;
  readonly expires?: number;
  readonly created: number;
  readonly updated: number;
  readonly previousVersion?: string;
  /** Belongs to a certificate: the vault manages it, and no client may change or delete it. */
  readonly managed?: boolean;
}

interface Secret {
  /** Oldest first; never empty. */
  versions: StoredVersion[];
  deletedAt: number | null;
}

/** The contents of a vault: secrets with their versions, live or deleted. Names are compared without case. */
export interface EmbeddedSecretStore {
  add(version: Omit<StoredVersion, 'version' | 'previousVersion'>): StoredVersion;
  replace(version: StoredVersion): void;
  /** Oldest first; empty if no live secret has this name. */
  versions(name: string): readonly StoredVersion[];
  names(): readonly string[];
  delete(name: string, at: number): void;
  recover(name: string): void;
  /** `null` if no deleted secret has this name. */
  deleted(name: string): { readonly newest: StoredVersion; readonly at: number } | null;
  deletedNames(): readonly string[];
  everyValue(): readonly string[];
  /** The whole state, to be written to disk and passed to `restore` later. */
  contents(): unknown;
  restore(contents: unknown): void;
}

export function createInMemorySecretStore(): EmbeddedSecretStore {
  const secrets = new Map<string, Secret>();
  const values = new Set<string>();
  const living = (name: string) => {
    const secret = secrets.get(name.toLowerCase());
    return secret && secret.deletedAt === null ? secret : null;
  };
  const namesWhere = (wanted: (secret: Secret) => boolean) =>
    [...secrets.values()]
      .filter(wanted)
      .map((secret) => newest(secret).name)
      .toSorted();
  return {
    add(given) {
      const key = given.name.toLowerCase();
      const before = secrets.get(key);
      const last = before?.versions.at(-1);
      const added: StoredVersion = {
        ...given,
        // The vault keeps the case of the first version's name.
        name: last?.name ?? given.name,
        version: randomBytes(16).toString('hex'),
        ...(last ? { previousVersion: last.version } : {}),
      };
      if (before) before.versions.push(added);
      else secrets.set(key, { versions: [added], deletedAt: null });
      values.add(added.value);
      return added;
    },
    replace(version) {
      const secret = living(version.name);
      if (secret) secret.versions = secret.versions.map((one) => (one.version === version.version ? version : one));
    },
    versions: (name) => [...(living(name)?.versions ?? [])],
    names: () => namesWhere((secret) => secret.deletedAt === null),
    delete(name, at) {
      const secret = living(name);
      if (secret) secret.deletedAt = at;
    },
    recover(name) {
      const secret = secrets.get(name.toLowerCase());
      if (secret) secret.deletedAt = null;
    },
    deleted(name) {
      const secret = secrets.get(name.toLowerCase());
      return secret && secret.deletedAt !== null ? { newest: newest(secret), at: secret.deletedAt } : null;
    },
    deletedNames: () => namesWhere((secret) => secret.deletedAt !== null),
    everyValue: () => [...values],
    contents: () => ({ secrets: [...secrets], values: [...values] }),
    restore(contents) {
      const kept = contents as { readonly secrets: [string, Secret][]; readonly values: string[] };
      for (const [key, secret] of kept.secrets) secrets.set(key, secret);
      for (const value of kept.values) values.add(value);
    },
  };
}

function newest(secret: Secret): StoredVersion {
  const last = secret.versions.at(-1);
  if (!last) throw new Error('A secret has no version');
  return last;
}
