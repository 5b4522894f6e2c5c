import { operatorTags, tightenedBinding } from '../../../secrets/tightened-binding.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createLastingTally } from '../lasting-tally.ts';

/** Tags with invalid values, whose intended effect may not happen. The finding does not repeat their text. */
export const tagMalformed: FindingRuleFactory = ({ policyAt }) =>
  createLastingTally('tag-malformed', ({ vault, secret, version, tags = {} }, { at }) => {
    const subject = `${vault}/${secret}`;
    const binding = policyAt(at).secrets.get(subject.toLowerCase());
    if (binding === undefined) return;
    return tightenedBinding(binding, tags).malformed.map((tag) => {
      const effect = tag === 'rotation' ? 'it counts as off, so the secret is not rotated' : 'it has no effect';
      return {
        key: tag,
        severity: 'medium',
        at,
        evidence: `${subject}@${version} ${tag}`,
        description: () => `The tag ${tag} of ${subject} is not ${operatorTags[tag]}; ${effect}.`,
      };
    });
  });
