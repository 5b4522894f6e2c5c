import { tightenedBinding } from '../../../secrets/tightened-binding.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { createLastingTally } from '../lasting-tally.ts';

/** Tags that ask for more than the policy allows. They have no effect, but somebody set them. */
export const tagWidened: FindingRuleFactory = ({ policyAt }) =>
  createLastingTally('tag-widened', ({ vault, secret, version, tags = {} }, { at }) => {
    const subject = `${vault}/${secret}`;
    const binding = policyAt(at).secrets.get(subject.toLowerCase());
    if (binding === undefined) return;
    const environment = tags['environment'];
    const widened = [
      ...tightenedBinding(binding, tags).widened.map((tag) => ({ tag, what: `${tag} is ${tags[tag] ?? ''}` })),
      ...(binding.environment !== null && environment !== undefined && environment !== binding.environment
        ? [{ tag: 'environment', what: "environment differs from the policy's" }]
        : []),
    ];
    return widened.map(({ tag, what }) => ({
      key: what,
      severity: 'medium' as const,
      at,
      evidence: `${subject}@${version} ${tag}`,
      description: () => `A tag of ${subject} asks for more than the policy allows (${what}); it has no effect.`,
    }));
  });
