import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { ClaimedMember } from './journal-entry.ts';
import { placeReasons } from './place-intent.ts';
import type { PlaceTarget, PublicationPlace } from './ports/publication-place.ts';
import { keyOf } from './member-key.ts';
import { bindingOf } from './publish-credential.ts';
import type { RotationWork } from './rotation-work.ts';

/**
 * Writes the value of each member to the further places that the policy names for it. Doing it again converges.
 * `act`: what it is a part of. `valueOf`: asked only for members that have such places.
 * @throws ServiceError `ISSUER_TARGET_REFUSED`, or as the place does.
 */
export async function publishElsewhere(
  work: RotationWork,
  act: 'publish' | 'roll-back',
  valueOf: (member: ClaimedMember) => Promise<SecretValue>,
  reasons: readonly string[] = [],
): Promise<void> {
  for (const member of work.rotation.claim.members) {
    const { alsoPublish } = bindingOf(work, member);
    if (alsoPublish.length === 0) continue;
    const value = await valueOf(member);
    for (const target of alsoPublish) {
      const place = placeFor(work, member, target);
      const { signal } = await work.request('new');
      await work.intent(act, [], { reasons: placeReasons(place.kind, reasons) });
      await place.publish(target, value, signal);
    }
  }
}

function placeFor(work: RotationWork, member: ClaimedMember, target: PlaceTarget): PublicationPlace {
  const place = work.tools.places.get(String(target['kind']));
  const fault = place === undefined ? { place: 'kind', reason: 'There is no such place.' } : place.check(target)[0];
  if (place !== undefined && fault === undefined) return place;
  throw new ServiceError('ISSUER_TARGET_REFUSED', {
    issuer: work.issuer.name,
    secret: keyOf(member),
    place: `alsoPublish.${fault?.place ?? ''}`,
    reason: fault?.reason ?? '',
  });
}
