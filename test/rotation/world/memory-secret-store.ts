import { createHash } from 'node:crypto';
import type { NewSecretVersion, SecretStore, SecretVersion } from '../../../src/rotation/ports/secret-store.ts';
import type { SecretValue } from '../../../src/secrets/secret-value.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { type Gateway, createGateway } from './gate.ts';

interface HeldVersion extends SecretVersion {
  readonly value: SecretValue;
  readonly order: number;
}

/** A vault in memory, as strict as Key Vault where a rotation could notice: full replacement, disabled newest, whole seconds. */
export interface MemoryVault extends SecretStore {
  readonly name: string;
  /** What it holds, in the order it came, past the gate. */
  held(name: string): readonly HeldVersion[];
  names(): readonly string[];
  /** Adds a version as anybody might, past the gate. */
  put(
    version: Omit<NewSecretVersion, 'expires' | 'contentType' | 'tags'> &
      Partial<NewSecretVersion> & { created?: Date; managed?: true },
  ): SecretVersion;
  disable(name: string, version: string): void;
  /** Deletes softly: the name is held, reads find nothing. */
  remove(name: string): void;
  recover(name: string): void;
}

export function memoryVault(name: string, now: () => Date, gateway: Gateway = createGateway()): MemoryVault {
  const secrets = new Map<string, HeldVersion[]>();
  const removed = new Set<string>();
  let count = 0;
  let said: Date | null = null;

  const vault: MemoryVault = {
    name,
    held: (secret) => secrets.get(secret) ?? [],
    names: () => [...secrets.keys()],
    put: ({ created, ...version }) => add({ expires: null, contentType: null, tags: {}, ...version }, created ?? now()),
    disable: (secret, version) => void change(secret, version, { enabled: false }),
    remove: (secret) => void removed.add(secret),
    recover: (secret) => void removed.delete(secret),
    latest: (secret) => ask(`latest ${secret}`, () => publicPart(present(secret).at(-1)) ?? null),
    versions: (secret) => ask(`versions ${secret}`, () => present(secret).map(properties).reverse()),
    async *list() {
      const all = await ask('list', () => [...secrets.keys()].flatMap((one) => publicPart(present(one).at(-1)) ?? []));
      yield* all;
    },
    value: async (secret, version, before) => {
      await before();
      return await ask(`value ${secret}`, () => {
        const found = present(secret).find((one) => one.version === version);
        if (found?.enabled === false) throw new ServiceError('SECRET_DISABLED', { vault: name, secret, version });
        return found?.value ?? null;
      });
    },
    add: ({ deadline, ...version }) =>
      ask(
        `add ${version.name}`,
        () => add(version, now()),
        () => {
          if (deadline?.hasPassed() === true) throw new ServiceError('LEASE_ENDED', { target: name });
        },
      ),
    update: (secret, version, changed) => ask(`update ${secret}`, () => change(secret, version, changed)),
    serverTime: () => said,
  };
  return vault;

  function ask<Value>(what: string, effect: () => Value, leaves?: () => void): Promise<Value> {
    return gateway.pass(
      `vault.${what}`,
      () => {
        said = now();
        return effect();
      },
      leaves,
    );
  }

  function present(secret: string): readonly HeldVersion[] {
    return removed.has(secret) ? [] : (secrets.get(secret) ?? []);
  }

  function add(version: NewSecretVersion, created: Date): SecretVersion {
    if (removed.has(version.name)) throw new ServiceError('SECRET_SOFT_DELETED', { vault: name, secret: version.name });
    refuseWhatAzureRefuses(name, version);
    count += 1;
    const { value, ...rest } = version;
    const id = createHash('sha256')
      .update(`${name}/${version.name}/${String(count)}`)
      .digest('hex')
      .slice(0, 32);
    const held = {
      ...rest,
      value,
      version: id,
      enabled: true,
      notBefore: null,
      created: seconds(created),
      order: count,
    };
    secrets.set(version.name, [...(secrets.get(version.name) ?? []), held]);
    return properties(held);
  }

  function change(
    secret: string,
    version: string,
    changed: { enabled?: boolean; tags?: Readonly<Record<string, string>>; expires?: Date },
  ): SecretVersion {
    const versions = secrets.get(secret) ?? [];
    const found = versions.find((one) => one.version === version);
    if (found === undefined) {
      throw new ServiceError('VAULT_REQUEST_REFUSED', { vault: name, secret, status: 404, reason: 'no such version' });
    }
    const after = { ...found, ...changed };
    secrets.set(
      secret,
      versions.map((one) => (one === found ? after : one)),
    );
    return properties(after);
  }
}

function refuseWhatAzureRefuses(vault: string, { name, value, tags }: NewSecretVersion): void {
  const refuse = (reason: string) =>
    new ServiceError('VAULT_REQUEST_REFUSED', { vault, secret: name, status: 400, reason });
  if (!/^[0-9A-Za-z-]{1,127}$/.test(name)) throw refuse('name');
  if (Buffer.byteLength(value.reveal()) > 25_600) throw refuse('value too long');
  if (Object.keys(tags).length > 15) throw refuse('too many tags');
  if (Object.entries(tags).some(([tag, text]) => tag.length > 256 || text.length > 256)) throw refuse('tag too long');
}

function publicPart(version: HeldVersion | undefined): SecretVersion | undefined {
  return version === undefined ? undefined : properties(version);
}

function properties({ value: _value, order: _order, ...rest }: HeldVersion): SecretVersion {
  return rest;
}

function seconds(at: Date): Date {
  return new Date(Math.floor(at.getTime() / 1000) * 1000);
}
