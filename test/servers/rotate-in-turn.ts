import { expect } from 'vitest';
import { listRotations } from '../../src/rotation/list-rotations.ts';
import type { IssueRequest } from '../../src/rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { IssuerWorld } from '../contracts/issuer-world.ts';
import { drive } from '../rotation/world/by-hand.ts';
import { dayMs, hourMs, policyOf, rotationWorld } from '../rotation/world/rotation-world.ts';
import { type Interruption, steadyClient } from './steady-client.ts';

/** The requests to the issuer while the world's first credential is in force. */
export function requestOf({ binding, current, currentCredentialId }: IssuerWorld): IssueRequest {
  const signal = AbortSignal.timeout(60_000);
  const now = new Date('2026-03-01T00:00:00Z');
  return { binding, current, currentCredentialId, rotationId: 'abcdefghij234567.1', signal, now };
}

/** A client that reads the value rarely and works with what it holds meanwhile. */
export interface HoldingClient {
  /** Works once; reads the latest value itself if it has held the last one for its lifetime. */
  readonly work: (latest: () => string) => Promise<void>;
  /** For how many times of working it holds a value: the rotation waits so long before it ends the old login. */
  readonly lifetime: number;
}

/** Runs twelve rotations, during which no reader is refused and after each of which the old login is shown dead. */
export async function expectNoInterruption(
  world: IssuerWorld,
  signIn: (url: string) => Promise<void>,
  holding: HoldingClient | null = null,
): Promise<void> {
  const { held, ...seen } = await rotateInTurn(world, 12, (value) => signIn(value.reveal()), holding);
  // For the client that reads before each sign-in, a failure is a latest value that is dead.
  console.log(`${world.issuer.name}: longest time with a dead latest value ${String(seen.longestMs)} ms`);
  console.log(`${world.issuer.name}: ${JSON.stringify(seen)}`);
  expect(seen.failures).toBe(0);
  expect(seen.longestMs).toBe(0);
  if (held !== null) {
    console.log(
      `${world.issuer.name}: longest interruption of a client that holds its value ${String(held.longestMs)} ms`,
    );
    console.log(`${world.issuer.name}: ${JSON.stringify(held)}`);
    expect(held).toMatchObject({ failures: 0, longestMs: 0 });
    expect(held.tries).toBeGreaterThan(12);
  }
  expect(seen.tries).toBeGreaterThan(12);
  // Each old login was refused beside the new one that worked.
  expect(seen.oldValues).toEqual(Array(12).fill('dead'));
}

/**
 * Rotates several times by the real machine (journal, staging, verification, publication, grace, revocation with its
 * negative try) against a real server, with a vault in memory. Meanwhile a client signs in continuously with the latest
 * version.
 */
async function rotateInTurn(
  world: IssuerWorld,
  rotations: number,
  signIn: (value: SecretValue) => Promise<void>,
  holding: HoldingClient | null,
): Promise<
  Interruption & {
    readonly oldValues: readonly string[];
    readonly held: Interruption | null;
  }
> {
  const { issuer, current, currentCredentialId } = world;
  const binding = { ...world.binding, vault: 'kv', name: 'app', graceMs: hourMs, consumersLifetimeMs: 0 };
  const outside = rotationWorld([]);
  const tools = { ...outside.tools, policy: policyOf(binding), issuers: new Map([[issuer.name, issuer]]) };
  outside.vault.put({
    name: binding.name,
    value: current ?? new SecretValue(''),
    expires: new Date(tools.now().getTime() + 10 * dayMs),
    tags: { CredentialId: currentCredentialId ?? '' },
  });
  let reads = 0;
  const client = steadyClient(async () => {
    reads += 1;
    await signIn(new SecretValue(outside.latestValue(binding.name) ?? ''));
  });
  let worked = 0;
  const holder =
    holding === null
      ? null
      : steadyClient(async () => {
          worked += 1;
          await holding.work(() => outside.latestValue(binding.name) ?? '');
        });
  const oldValues: string[] = [];
  try {
    for (let rotation = 0; rotation < rotations; rotation += 1) {
      outside.advance(80 * dayMs);
      oldValues.push(await rotateOnce());
    }
  } finally {
    await afterReads(2);
  }
  return { ...(await client.stop()), held: (await holder?.stop()) ?? null, oldValues };

  async function rotateOnce(): Promise<string> {
    await drive(tools, { name: binding.name });
    const [published] = await listRotations(tools);
    if (published?.state !== 'grace') throw new Error(`It stands at ${JSON.stringify(published)}`);
    // A running sign-in with the old value has ended once two further ones have started.
    await afterReads(2);
    outside.advance(2 * hourMs);
    await drive(tools, { name: binding.name });
    const [rotation] = await listRotations(tools);
    if (rotation?.state !== 'done') throw new Error(`It stands at ${JSON.stringify(rotation)}`);
    return rotation.oldValue;
  }

  async function afterReads(further: number): Promise<void> {
    const wanted = reads + further;
    // One time of working more than the lifetime, so that the last one with the old value has ended.
    const wantedOfHolder = holding === null ? 0 : worked + holding.lifetime + 1;
    while (reads < wanted || worked < wantedOfHolder) await new Promise((resolve) => setImmediate(resolve));
  }
}
