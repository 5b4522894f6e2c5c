import { ServiceError } from '../service-error.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { forget, held } from './held-credentials.ts';
import { bindingOf, keyOf } from './publish-credential.ts';
import type { RotationWork } from './rotation-work.ts';
import { disableStaged } from './staging.ts';
import { readValue } from './vault-access.ts';

/** After publishing: further places get the value, the staged one is disabled, and the grace of the old one begins. */
export async function settlePublication(work: RotationWork): Promise<void> {
  const { rotation, tools } = work;
  await publishElsewhere(work);
  await disableStaged(work);
  forget(tools, work.attemptId);
  const from = (rotation.publishedAt ?? tools.now()).getTime();
  await work.outcome('settle', {
    step: 'grace',
    facts: { graceUntil: new Date(from + rotation.claim.graceMs).toISOString() },
  });
}

async function publishElsewhere(work: RotationWork): Promise<void> {
  for (const member of work.rotation.claim.members) {
    const { alsoPublish } = bindingOf(work, member);
    if (alsoPublish.length === 0) continue;
    const version = work.rotation.published.get(keyOf(member)) ?? member.fromVersion;
    const value = await valueOf({ vault: member.vault, secret: member.secret, version });
    for (const target of alsoPublish) {
      const place = work.tools.places.get(String(target['kind']));
      const fault = place === undefined ? { place: 'kind', reason: 'There is no such place.' } : place.check(target)[0];
      if (place === undefined || fault !== undefined) {
        const reason = fault?.reason ?? '';
        throw new ServiceError('ISSUER_TARGET_REFUSED', {
          issuer: work.issuer.name,
          secret: keyOf(member),
          place: `alsoPublish.${fault?.place ?? ''}`,
          reason,
        });
      }
      const { signal } = await work.request('new');
      await work.intent('publish', [], { reasons: [`place ${place.kind}`] });
      await place.publish(target, value, signal);
    }
  }

  async function valueOf(published: { vault: string; secret: string; version: string }): Promise<SecretValue> {
    const inMemory = work.issuer.formFor === undefined ? held(work.tools, work.attemptId)?.value : undefined;
    const value = inMemory ?? (await readValue(work, published));
    if (value === null) throw new ServiceError('SECRET_DISABLED', { ...published });
    return value;
  }
}
