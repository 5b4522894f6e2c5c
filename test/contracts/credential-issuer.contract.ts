import { describe, expect, it } from 'vitest';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { contractRotation } from './contract-rotation.ts';
import { issuerUnderTest } from './issuer-under-test.ts';
import type { IssuerWorld } from './issuer-world.ts';
import { rotateByMachine } from './rotate-by-machine.ts';
import { spoiled } from './spoiled-value.ts';

const laterRotation = 'abcdefghij234567.2';

/** The contract of every credential issuer, run against a provider that speaks the real protocol. */
export function credentialIssuerContract(name: string, create: () => Promise<IssuerWorld>): void {
  describe(`credential issuer: ${name}`, () => {
    let world: IssuerWorld;
    const { asked, issued, verified, failure, say, keep } = issuerUnderTest(create, (made) => void (world = made));

    it('accepts the binding, and names the place of each fault in invalid ones', () => {
      expect(world.issuer.check(world.binding)).toEqual([]);
      for (const target of world.wrongTargets) {
        const faults = world.issuer.check({ ...world.binding, target });
        expect(faults.length, JSON.stringify(target)).toBeGreaterThan(0);
        for (const { place } of faults) expect(place).toMatch(/^(?:target|issuer)/);
      }
      expect(world.issuer.check({ ...world.binding, issuer: 'another' })).toHaveLength(1);
      expect(world.calls()).toBe(0);
    });

    it('refuses another target than the binding’s before sending anything', async () => {
      for (const target of world.wrongTargets) {
        const request = asked({ binding: { ...world.binding, target } });
        const proposed = attempt(() => world.issuer.propose(request));
        const refusal = await failure(world.issuer.issue(request, proposed ?? new SecretValue('x'.repeat(64))));
        expect(refusal).toMatchObject({ code: 'ISSUER_TARGET_REFUSED' });
      }
      expect(world.calls()).toBe(0);
    });

    it('proposes a new value each time, exactly if Keyturn chooses the value in its class', () => {
      const chosen = ['chosen', 'self'].includes(world.issuer.credentialClass);
      const [first, second] = [world.issuer.propose(asked()), world.issuer.propose(asked())];
      expect(first !== null).toBe(chosen);
      if (first !== null && second !== null) {
        expect(first.equals(second)).toBe(false);
        expect(Buffer.byteLength(first.reveal())).toBeLessThan(25_000);
      }
      expect(world.calls()).toBe(0);
    });

    it('issues a working credential, and returns its principal', async () => {
      const credential = await issued();
      expect(await verified(credential)).toMatchObject({ outcome: 'works' });
      if (world.opens !== null) expect(await world.opens(credential.value)).toBe(true);
    });

    it('does not change the credential in force until it is revoked', async () => {
      if (world.opens === null || world.current === null) return;
      await issued();
      expect(await world.opens(world.current)).toBe(world.oldEnds !== 'at-issue');
    });

    it('refuses a credential that does not work', async () => {
      if (world.opens === null) return;
      const credential = await issued();
      const other = new SecretValue(spoiled(credential.value.reveal()));
      const verification = await verified({ ...credential, value: other });
      expect(verification.outcome).not.toBe('works');
      if (verification.outcome === 'refused') expect(verification.authenticated).toBe(false);
    });

    it('creates no second credential if called again', async () => {
      const first = await issued();
      let latest = first;
      if (world.issuer.credentialClass === 'minted') {
        // A provider with idempotency keys returns the same credential; any other reports that the name exists.
        const again = await issued().catch(unclearOrThrow);
        if (again !== null) {
          expect(again.credentialId).toBe(first.credentialId);
          expect(again.value.equals(first.value)).toBe(true);
        }
      } else {
        const again = await world.issuer.issue(asked(), first.value);
        keep(again.value);
        expect(again.credentialId).toBe(first.credentialId);
        // A slot that is renewed twice has another value; a chosen value stays the same.
        if (world.issuer.credentialClass !== 'read-back') expect(again.value.equals(first.value)).toBe(true);
        latest = again;
      }
      expect(await verified(latest)).toMatchObject({ outcome: 'works' });
      if (world.traceable) expect(await world.issuer.list(world.binding, asked().signal)).toHaveLength(1);
    });

    it('finds only its credential by the rotation’s name', async () => {
      if (!world.traceable) return;
      expect(await world.issuer.describe(asked())).toEqual({ outcome: 'absent' });
      expect(await world.issuer.list(world.binding, asked().signal)).toEqual([]);
      const { credentialId } = await issued();
      expect(await world.issuer.describe(asked())).toMatchObject({ outcome: 'present', credentialId });
      expect(await world.issuer.describe(asked({ rotationId: laterRotation }))).toEqual({ outcome: 'absent' });
      const listed = await world.issuer.list(world.binding, asked().signal);
      expect(listed).toEqual([{ credentialId, rotationId: contractRotation }]);
    });

    it('changes nothing once its time to send is over, as after the machine slept', async () => {
      if (world.opens === null) return;
      const before = await world.foreign();
      const late = () => asked({ deadline: { hasPassed: () => true } });
      const refusal = await failure(world.issuer.issue(late(), world.issuer.propose(late())));
      expect(refusal.code).toBe('LEASE_ENDED');
      if (world.current !== null) expect(await world.opens(world.current)).toBe(true);
      if (world.traceable) {
        expect(await world.issuer.describe(asked())).toEqual({ outcome: 'absent' });
        const credential = await issued();
        await failure(world.issuer.revoke(late(), credential.credentialId));
        expect(await verified(credential)).toMatchObject({ outcome: 'works' });
      }
      expect(await world.foreign()).toEqual(before);
    });

    it('reports a lost answer instead of retrying', async () => {
      if (world.loseNextAnswer === null) return;
      const proposed = world.issuer.propose(asked());
      if (proposed !== null) keep(proposed);
      world.loseNextAnswer();
      const lost = await failure(world.issuer.issue(asked(), proposed));
      expectUnclear(lost);
      if (world.traceable) expect(await world.issuer.describe(asked())).toMatchObject({ outcome: 'present' });
      if (world.issuer.credentialClass !== 'minted') {
        const credential = await world.issuer.issue(asked(), proposed);
        keep(credential.value);
        expect(await verified(credential)).toMatchObject({ outcome: 'works' });
      }
    });

    it('revokes only the old credential, and finds it gone if called again', async () => {
      const credential = await issued();
      const { current, currentCredentialId, opens, oldEnds } = world;
      if (currentCredentialId === null || current === null || opens === null || oldEnds === 'never') return;
      // As the machine asks behind publication: the new value is the one in force.
      const behind = asked({ current: credential.value, currentCredentialId: credential.credentialId });
      await world.issuer.revoke(behind, currentCredentialId);
      expect(await opens(current)).toBe(false);
      expect(await verified({ credentialId: currentCredentialId, value: current })).toMatchObject({
        outcome: 'refused',
        authenticated: false,
      });
      expect(await opens(credential.value)).toBe(true);
      expect(await verified(credential)).toMatchObject({ outcome: 'works' });
      if (world.traceable)
        expect(await world.issuer.revoke(behind, currentCredentialId)).toEqual({ outcome: 'absent' });
    });

    it('withdraws a new credential that was never published', async () => {
      if (!world.traceable) return;
      const credential = await issued();
      expect(await world.issuer.revoke(asked(), credential.credentialId)).toMatchObject({ outcome: 'revoked' });
      expect(await world.issuer.describe(asked())).toEqual({ outcome: 'absent' });
      if (world.current !== null && world.opens !== null) expect(await world.opens(world.current)).toBe(true);
    });

    it('does not touch credentials of others', async () => {
      const before = await world.foreign();
      const credential = await issued();
      await verified(credential);
      await world.issuer.list(world.binding, asked().signal);
      if (world.currentCredentialId !== null) {
        const behind = asked({ current: credential.value, currentCredentialId: credential.credentialId });
        await world.issuer.revoke(behind, world.currentCredentialId);
      }
      expect(await world.foreign()).toEqual(before);
    });

    it('refuses to revoke an id that is not a credential of its target', async () => {
      if (!world.traceable) return;
      const before = await world.foreign();
      for (const id of ['', '../1', '1/../2', 'a b', '0', '*', '-1']) {
        expect(await failure(world.issuer.revoke(asked(), id))).toMatchObject({ code: 'ISSUER_TARGET_REFUSED' });
      }
      expect(await world.foreign()).toEqual(before);
    });

    it('works in two real rotations: the published value works, and the previous one is shown dead', async () => {
      const { turns, journal } = await rotateByMachine(world, 2);
      const published = turns.map((turn) => turn.published);
      keep(...published);
      say(journal);
      expect(turns.map(({ state, failure }) => ({ state, failure }))).toEqual([
        { state: 'done', failure: null },
        { state: 'done', failure: null },
      ]);
      const [first, second] = published;
      if (world.opens === null || first === undefined || second === undefined) return;
      expect(await world.opens(second)).toBe(true);
      if (world.oldEnds === 'never') return;
      expect(await world.opens(first)).toBe(false);
      expect(turns[1]?.oldValue).toBe('dead');
    });

    it('returns when it was last used, or that this is unknown', async () => {
      const { credentialId } = await issued();
      const last = await world.issuer.lastUsed(asked(), credentialId);
      if (last !== null) expect(last.getTime()).toBeGreaterThan(0);
    });
  });
}

function unclearOrThrow(error: unknown): null {
  if (!(error instanceof ServiceError)) throw error;
  expectUnclear(error);
  return null;
}

function expectUnclear(error: { readonly code: string; readonly retry: string }): void {
  expect(error.code).toMatch(/_ANSWER_UNCLEAR$/);
  expect(error.retry).toBe('never');
}

function attempt<Value>(act: () => Value): Value | null {
  try {
    return act();
  } catch {
    // A refusal to propose counts like a refusal to issue.
    return null;
  }
}
