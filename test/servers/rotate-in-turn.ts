import type { IssueRequest } from '../../src/rotation/credential-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { IssuerWorld } from '../contracts/credential-issuer.contract.ts';
import { type Interruption, steadyClient } from './steady-client.ts';

/** What the issuer is asked with while the world's first credential is in force. */
export function requestOf({ binding, current, currentCredentialId }: IssuerWorld, attempt = 1): IssueRequest {
  const rotationId = `abcdefghij234567.${String(attempt)}`;
  const signal = AbortSignal.timeout(60_000);
  return { binding, current, currentCredentialId, rotationId, signal, now: new Date('2026-03-01T00:00:00Z') };
}

/**
 * Rotates several times in the order of a rotation (propose, issue, verify, publish, revoke the old) while a client signs in
 * with the published value without pause. Revocation waits for the client to have read the new value, as a grace time does.
 */
export async function rotateInTurn(
  world: IssuerWorld,
  rotations: number,
  signIn: (value: SecretValue) => Promise<void>,
): Promise<Interruption> {
  let published = world.current ?? new SecretValue('');
  let credentialId = world.currentCredentialId ?? '';
  let reads = 0;
  const client = steadyClient(async () => {
    reads += 1;
    await signIn(published);
  });
  for (let attempt = 1; attempt <= rotations; attempt += 1) {
    const request = { ...requestOf(world, attempt), current: published, currentCredentialId: credentialId };
    const credential = await world.issuer.issue(request, world.issuer.propose(request));
    const verification = await world.issuer.verify(request, credential);
    if (verification.outcome !== 'works') throw new Error(`The new credential does not work: ${verification.reason}`);
    const old = credentialId;
    published = credential.value;
    credentialId = credential.credentialId;
    await afterReads(2);
    await world.issuer.revoke({ ...request, current: published, currentCredentialId: credentialId }, old);
    await afterReads(2);
  }
  return await client.stop();

  /** Until the client has begun so many further sign-ins: the one under way with the old value has ended by then. */
  async function afterReads(further: number): Promise<void> {
    const wanted = reads + further;
    while (reads < wanted) await new Promise((resolve) => setImmediate(resolve));
  }
}
