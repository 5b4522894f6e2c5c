import type { IssueRequest } from '../../../src/rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../../src/secrets/policy.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { ServiceError } from '../../../src/service-error.ts';
import { type Gateway, createGateway } from './gate.ts';
import { type HeldCredential, type MemoryProvider, nameOf, providerBase } from './memory-provider.ts';

const unclear = (issuer: string) =>
  new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer, provider: 'memory', reason: 'name taken' });

/** `minted`: any number of tokens side by side, unique by name, told once. */
export function mintingProvider(
  random: () => string,
  gateway: Gateway = createGateway(),
  name = 'mint',
): MemoryProvider {
  const base = providerBase({ name, credentialClass: 'minted' }, gateway);
  return base.finish({
    propose: () => null,
    issue: ({ binding, rotationId }) => {
      const account = base.account(binding);
      const wanted = nameOf(binding, rotationId);
      if (account.some((one) => one.name === wanted)) throw unclear(name);
      const made = { id: `t${String(base.next())}`, name: wanted, value: `minted-${random()}`, lastUsed: null };
      account.push(made);
      return made;
    },
    revoke: (account, id) => {
      const index = account.findIndex((one) => one.id === id);
      if (index < 0) return false;
      account.splice(index, 1);
      return true;
    },
  });
}

/** `chosen`, two users: the one that is not in force gets the proposed password. Ids `a` and `b`; values `id:password`. */
export function twoUserProvider(
  random: () => string,
  gateway: Gateway = createGateway(),
  name = 'two-users',
): MemoryProvider {
  const base = providerBase({ name, credentialClass: 'chosen' }, gateway);
  const other = ({ current }: IssueRequest) => (current?.reveal().startsWith('a:') === true ? 'b' : 'a');
  return base.finish({
    propose: (request) => new SecretValue(`${other(request)}:${random()}`),
    issue: ({ binding }, proposed) => setUser(base.account(binding), proposed, binding),
    revoke: (account, id) => {
      const index = account.findIndex((one) => one.id === id);
      if (index < 0) return false;
      // The user stays; nobody knows its password any more.
      account.splice(index, 1);
      return true;
    },
  });
}

/** `chosen`, one password: setting it ends the one before. */
export function singleProvider(
  random: () => string,
  gateway: Gateway = createGateway(),
  name = 'single',
): MemoryProvider {
  const base = providerBase({ name, credentialClass: 'chosen' }, gateway);
  return base.finish({
    propose: () => new SecretValue(`only:${random()}`),
    issue: ({ binding }, proposed) => setUser(base.account(binding), proposed, binding),
    revoke: () => false,
  });
}

/** `read-back`: two keys; the one that the value in force is not equal to is renewed, and told whenever asked. */
export function twoKeyProvider(
  random: () => string,
  gateway: Gateway = createGateway(),
  name = 'two-keys',
): MemoryProvider {
  const base = providerBase({ name, credentialClass: 'read-back' }, gateway);
  const slotFor = ({ binding, current }: IssueRequest) => {
    const account = base.account(binding);
    if (current === null) return 'key1';
    // As Azure's issuer: renewing either key might end one that is in use.
    if (!account.some(({ value }) => value === current.reveal()))
      throw new ServiceError('PROVIDER_STATE_REFUSED', { issuer: name, provider: 'memory', reason: 'neither key' });
    return account.find((one) => one.value !== current.reveal())?.id ?? 'key1';
  };
  const renew = (account: HeldCredential[], id: string) => {
    const made = { id, name: id, value: `key-${random()}`, lastUsed: null };
    account.splice(
      account.findIndex((one) => one.id === id),
      1,
      made,
    );
    return made;
  };
  return base.finish({
    propose: () => null,
    issue: (request) => renew(base.account(request.binding), slotFor(request)),
    revoke: (account, id) => {
      renew(account, id);
      return true;
    },
    describe: (request) => base.account(request.binding).find(({ id }) => id === slotFor(request)) ?? null,
  });
}

/** `self`: no provider at all. */
export function selfProvider(
  random: () => string,
  gateway: Gateway = createGateway(),
  name = 'random',
): MemoryProvider {
  const base = providerBase({ name, credentialClass: 'self' }, gateway);
  return base.finish({
    propose: () => new SecretValue(`self-${random()}`),
    issue: (_request, proposed) => ({ id: 'self', name: 'self', value: proposed?.reveal() ?? '', lastUsed: null }),
    revoke: () => false,
  });
}

function setUser(account: HeldCredential[], proposed: SecretValue | null, binding: SecretBinding): HeldCredential {
  const value = proposed?.reveal() ?? '';
  const id = value.slice(0, value.indexOf(':'));
  const made = { id, name: `user ${binding.name}`, value, lastUsed: null };
  const index = account.findIndex((one) => one.id === id);
  if (index < 0) account.push(made);
  else account.splice(index, 1, made);
  return made;
}
