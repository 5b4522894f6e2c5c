import type { CredentialIssuer, IssueRequest, Verification } from '../../../src/rotation/ports/credential-issuer.ts';
import type { CredentialClass } from '../../../src/rotation/ports/rotation-steps.ts';
import type { SecretBinding } from '../../../src/secrets/policy.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { ServiceError } from '../../../src/service-error.ts';
import type { Gateway } from './gate.ts';

/** One credential at the provider. Its `name` says whose it is. */
export interface HeldCredential {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  lastUsed: Date | null;
}

/** A provider of one class of credential, in memory, by target: `target.account` names the account. */
export interface MemoryProvider {
  readonly issuer: CredentialIssuer;
  /** What opens the account now. */
  live(account: string): readonly HeldCredential[];
  /** Puts a credential in place, or in another's of the same id, as an administrator would. */
  put(account: string, credential: { id: string; name: string; value: string }): void;
  /** Whether a plain value opens the account. */
  opens(account: string, value: string): boolean;
  /** How often `issue` made something. */
  readonly made: number;
  /** Answers `not-yet` to so many verifications, then the truth. */
  notYet: number;
  /** Makes so many credentials other than it says: what was told does not open anything. */
  wrong: number;
  /** Refuses so many proposed values by policy, each for as long as it is not made fair. */
  refusesByPolicy: number;
  /** From here on everything is as it should be. */
  makeFair(): void;
}

interface Kind {
  readonly name: string;
  readonly credentialClass: CredentialClass;
}

interface Behaviour {
  readonly propose: (request: IssueRequest) => SecretValue | null;
  readonly issue: (request: IssueRequest, proposed: SecretValue | null) => HeldCredential;
  readonly revoke: (account: HeldCredential[], id: string) => boolean;
  readonly describe?: (request: IssueRequest) => HeldCredential | null;
}

/** A provider of one kind: what is the same for all of them. */
export function providerBase({ name, credentialClass }: Kind, gateway: Gateway) {
  const accounts = new Map<string, HeldCredential[]>();
  /** A value that was refused once is refused for ever, whenever a request for it arrives. */
  const refused = new Set<string>();
  let count = 0;
  const account = (binding: SecretBinding) => accountOf(String(binding.target['account']));
  const accountOf = (key: string) => {
    const held = accounts.get(key) ?? [];
    accounts.set(key, held);
    return held;
  };
  return { account, next: () => (count += 1), finish };

  function finish(behaviour: Behaviour): MemoryProvider {
    const provider = {
      made: 0,
      notYet: 0,
      refusesByPolicy: 0,
      wrong: 0,
      makeFair: () => {
        Object.assign(provider, { notYet: 0, refusesByPolicy: 0, wrong: 0 });
        refused.clear();
      },
      live: (key: string) => accountOf(key),
      put: (key: string, credential: { id: string; name: string; value: string }) => {
        const held = accountOf(key);
        const index = held.findIndex(({ id }) => id === credential.id);
        held.splice(index < 0 ? held.length : index, 1, { ...credential, lastUsed: null });
      },
      opens: (key: string, value: string) =>
        credentialClass === 'self' || accountOf(key).some((one) => one.value === value),
    };
    const issuer: CredentialIssuer = {
      name,
      credentialClass,
      check: ({ target }) =>
        credentialClass === 'self' || typeof target['account'] === 'string'
          ? []
          : [{ place: 'target.account', reason: 'is missing' }],
      propose: behaviour.propose,
      issue: (request, proposed) =>
        pass(
          'issue',
          () => {
            const wanted = proposed?.reveal() ?? '';
            if (provider.refusesByPolicy > 0 || refused.has(wanted)) {
              if (!refused.has(wanted)) provider.refusesByPolicy -= 1;
              refused.add(wanted);
              throw new ServiceError('CREDENTIAL_REFUSED_BY_PROVIDER_POLICY', {
                issuer: name,
                secret: request.binding.name,
              });
            }
            const made = behaviour.issue(request, proposed);
            provider.made += 1;
            if (provider.wrong > 0) {
              provider.wrong -= 1;
              const held = account(request.binding);
              held.splice(held.indexOf(made), 1, { ...made, value: `${made.value}-other` });
            }
            return { credentialId: made.id, value: new SecretValue(made.value) };
          },
          request,
        ),
      verify: (request, credential) => pass('verify', () => verify(request, credential.value.reveal())),
      describe: (request) =>
        pass('describe', () => {
          const wanted = nameOf(request.binding, request.rotationId);
          const found = behaviour.describe?.(request) ?? account(request.binding).find((one) => one.name === wanted);
          if (found === undefined) return { outcome: 'absent' as const };
          const value = behaviour.describe === undefined ? null : new SecretValue(found.value);
          return { outcome: 'present' as const, credentialId: found.id, value };
        }),
      list: (binding) =>
        pass('list', () =>
          account(binding).flatMap(({ id, name: called }) => {
            const start = `keyturn.${binding.name}.`;
            return called.startsWith(start) ? [{ credentialId: id, rotationId: called.slice(start.length) }] : [];
          }),
        ),
      revoke: (request, id) =>
        pass(
          'revoke',
          () => ({
            outcome: behaviour.revoke(account(request.binding), id) ? ('revoked' as const) : ('absent' as const),
          }),
          request,
        ),
      lastUsed: (request, id) =>
        pass('lastUsed', () => account(request.binding).find((one) => one.id === id)?.lastUsed ?? null),
    };
    return Object.assign(provider, { issuer });

    function verify(request: IssueRequest, value: string): Verification {
      if (provider.notYet > 0) {
        provider.notYet -= 1;
        return { outcome: 'not-yet', reason: 'propagation' };
      }
      if (provider.opens(String(request.binding.target['account']), value))
        return { outcome: 'works', principal: name, notes: [] };
      return { outcome: 'refused', authenticated: false, reason: 'wrong credential' };
    }
  }

  /** As an adapter does right before it sends: a machine may have slept since it was asked to. */
  function requireTime({ deadline }: IssueRequest): void {
    if (deadline?.hasPassed() === true) throw new ServiceError('LEASE_ENDED', { target: name });
  }

  function pass<Value>(what: string, effect: () => Value, request?: IssueRequest): Promise<Value> {
    return gateway.pass(`provider.${what}`, effect, () => {
      if (request !== undefined) requireTime(request);
    });
  }
}

/** How a credential of ours is called. */
export function nameOf(binding: SecretBinding, rotationId: string): string {
  return `keyturn.${binding.name}.${rotationId}`;
}
