import type { TargetRules } from '../../issuers/checked-targets.ts';
import { targetRules } from '../../issuers/checked-targets.ts';
import type { BindingCheck } from '../../secrets/parse-policy.ts';

/** Holds bindings against the rules of their issuers and of the places that they publish to. Needs no setting and no network. */
export function bindingCheck(rules: TargetRules = targetRules()): BindingCheck {
  return (binding) => {
    const issuer = rules.issuers.get(binding.issuer);
    const known = [...rules.issuers.keys()].sort().join(', ');
    const ofTarget =
      issuer === undefined
        ? [{ path: ['issuer'], says: `is not a known issuer; known are ${known}` }]
        : issuer.check(binding).map(({ place, reason }) => ({ path: place.split('.'), says: reason }));
    const ofPlaces = binding.alsoPublish.flatMap((target, index) => {
      const place = rules.places.get(String(target['kind']));
      const kinds = [...rules.places.keys()].join(', ');
      if (place === undefined) return [{ path: ['alsoPublish', index, 'kind'], says: `must be one of ${kinds}` }];
      return place
        .check(target)
        .map((fault) => ({ path: ['alsoPublish', index, ...fault.place.split('.').slice(1)], says: fault.reason }));
    });
    return [...ofTarget, ...ofPlaces];
  };
}
