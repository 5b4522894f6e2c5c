import { listRotations } from '../../src/rotation/list-rotations.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { drive } from '../rotation/world/by-hand.ts';
import { dayMs, hourMs, policyOf, rotationWorld } from '../rotation/world/rotation-world.ts';
import type { IssuerWorld } from './issuer-world.ts';

export interface TurnOfMachine {
  readonly published: SecretValue;
  readonly state: string;
  readonly oldValue: string | null;
  readonly failure: string | null;
}

/**
 * Rotates several times with the real machine, its vault and records in memory, around the issuer of a contract's world.
 * `journal`: all that was put on record, as text.
 */
export async function rotateByMachine(
  { issuer, current, currentCredentialId, binding: given }: IssuerWorld,
  rotations: number,
): Promise<{ readonly turns: readonly TurnOfMachine[]; readonly journal: string }> {
  const binding = { ...given, vault: 'kv', graceMs: hourMs, consumersLifetimeMs: 0 };
  const outside = rotationWorld([]);
  // Some providers live by the machine's clock: when they saw a credential last is not of this world's time.
  const timeless = { ...issuer, lastUsed: () => Promise.resolve(null) };
  const tools = {
    ...outside.tools,
    policy: policyOf(binding),
    issuers: new Map([[issuer.name, timeless]]),
    abortAfter: () => AbortSignal.timeout(120_000),
  };
  outside.vault.put({
    name: binding.name,
    value: current ?? new SecretValue('first-value-of-a-secret'),
    expires: new Date(tools.now().getTime() + 10 * dayMs),
    tags: currentCredentialId === null ? {} : { CredentialId: currentCredentialId },
  });
  const turns: TurnOfMachine[] = [];
  for (let turn = 0; turn < rotations; turn += 1) {
    outside.advance(80 * dayMs);
    await drive(tools, { name: binding.name });
    let [rotation] = await listRotations(tools);
    for (let pass = 0; pass < 6 && rotation?.state !== 'done' && rotation?.state !== 'needs-attention'; pass += 1) {
      outside.advance(hourMs);
      await drive(tools, { name: binding.name });
      [rotation] = await listRotations(tools);
    }
    if (rotation === undefined) throw new Error('The rotation was not begun.');
    const { state, oldValue, failure } = rotation;
    turns.push({ state, oldValue, failure, published: new SecretValue(outside.latestValue(binding.name) ?? '') });
  }
  let journal = '';
  for await (const path of tools.records.list('')) {
    journal += Buffer.from((await tools.records.read(path))?.bytes ?? []).toString('utf8');
  }
  return { turns, journal };
}
