import { tightenedBinding } from '../../../secrets/tightened-binding.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Tags that ask for more than the policy allows. They have no effect, but somebody set them. */
export const tagWidened: FindingRuleFactory = ({ policyAt }) => ({
  findings({ held, asOf }) {
    const policy = policyAt(new Date(asOf).toISOString());
    const tally = createFindingTally('tag-widened');
    for (const { vault, secret, version, tags = {} } of held) {
      const subject = `${vault}/${secret}`;
      const binding = policy.secrets.get(subject.toLowerCase());
      if (binding === undefined) continue;
      const environment = tags['environment'];
      const widened = [
        ...tightenedBinding(binding, tags).widened.map((tag) => `${tag} is ${tags[tag] ?? ''}`),
        ...(binding.environment !== null && environment !== undefined && environment !== binding.environment
          ? ["environment differs from the policy's"]
          : []),
      ];
      for (const what of widened) {
        tally.add({
          subject,
          key: what,
          severity: 'medium',
          at: new Date(asOf).toISOString(),
          evidence: `${subject}@${version}`,
          description: () => `A tag of ${subject} asks for more than the policy allows (${what}); it has no effect.`,
        });
      }
    }
    return tally.findings();
  },
});
