import { operatorTags, tightenedBinding } from '../../../secrets/tightened-binding.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Tags with invalid values, whose intended effect may not happen. The finding does not repeat their text. */
export const tagMalformed: FindingRuleFactory = ({ policyAt }) => ({
  findings({ held, asOf }) {
    const policy = policyAt(new Date(asOf).toISOString());
    const tally = createFindingTally('tag-malformed');
    for (const { vault, secret, version, tags = {} } of held) {
      const subject = `${vault}/${secret}`;
      const binding = policy.secrets.get(subject.toLowerCase());
      if (binding === undefined) continue;
      for (const tag of tightenedBinding(binding, tags).malformed) {
        const effect = tag === 'rotation' ? 'it counts as off, so the secret is not rotated' : 'it has no effect';
        tally.add({
          subject,
          key: tag,
          severity: 'medium',
          at: new Date(asOf).toISOString(),
          evidence: `${subject}@${version}`,
          description: () => `The tag ${tag} of ${subject} is not ${operatorTags[tag]}; ${effect}.`,
        });
      }
    }
    return tally.findings();
  },
});
