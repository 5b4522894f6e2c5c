import { inspect } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import type { IssuedCredential, IssueRequest, Verification } from '../../src/rotation/ports/credential-issuer.ts';
import type { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { contractRotation } from './contract-rotation.ts';
import type { IssuerWorld } from './issuer-world.ts';

/** What a test asks of the issuer. All that it hears is searched for the values when the test ends. */
export interface IssuerUnderTest {
  readonly asked: (change?: Partial<IssueRequest>) => IssueRequest;
  readonly issued: () => Promise<IssuedCredential>;
  readonly verified: (credential: IssuedCredential) => Promise<Verification>;
  /** The error that a promise must end in. It counts as heard. */
  readonly failure: (promise: Promise<unknown>) => Promise<ServiceError>;
  /** Adds to what must hold no value. */
  readonly say: (heard: unknown) => void;
  /** Adds values that must be nowhere in what was heard. */
  readonly keep: (...secret: readonly SecretValue[]) => void;
}

/** Makes a world for each test of the `describe` around it, and ends it: `enter` is told of each. */
export function issuerUnderTest(
  create: () => Promise<IssuerWorld>,
  enter: (world: IssuerWorld) => void,
): IssuerUnderTest {
  let world: IssuerWorld;
  const said: unknown[] = [];
  const values: SecretValue[] = [];
  const say = (heard: unknown) => void said.push(heard);
  const keep = (...secret: readonly SecretValue[]) => void values.push(...secret);

  beforeEach(async () => {
    world = await create();
    if (world.current !== null) keep(world.current);
    enter(world);
  });
  afterEach(async () => {
    await world.stop();
    const all = said.splice(0).map(everythingIn).join('\n');
    for (const value of values.splice(0)) expect(all.includes(value.reveal())).toBe(false);
  });
  return { asked, issued, verified, failure, say, keep };

  function asked(change: Partial<IssueRequest> = {}): IssueRequest {
    const { binding, current, currentCredentialId } = world;
    const signal = AbortSignal.timeout(120_000);
    const now = new Date('2026-03-01T00:00:00Z');
    return { binding, current, currentCredentialId, rotationId: contractRotation, signal, now, ...change };
  }

  async function issued(): Promise<IssuedCredential> {
    const credential = await world.issuer.issue(asked(), world.issuer.propose(asked()));
    keep(credential.value);
    say(credential.credentialId);
    return credential;
  }

  async function verified(credential: IssuedCredential): Promise<Verification> {
    const verification = await world.issuer.verify(asked(), credential);
    say(verification);
    return verification;
  }

  async function failure(promise: Promise<unknown>): Promise<ServiceError> {
    const outcome: unknown = await promise.then(
      () => null,
      (error: unknown) => error,
    );
    if (!(outcome instanceof ServiceError)) throw new TypeError(`expected a ServiceError, not ${inspect(outcome)}`);
    say(outcome);
    return outcome;
  }
}

function everythingIn(said: unknown): string {
  const cause = said instanceof Error ? `${said.stack ?? ''} ${inspect(said.cause, { depth: 5 })}` : '';
  return `${inspect(said, { depth: 8 })} ${JSON.stringify(said)} ${cause}`;
}
