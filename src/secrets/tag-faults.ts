import { formatDuration } from './duration.ts';
import type { SecretBinding } from './policy.ts';
import { type OperatorTag, operatorTags, tightenedBinding } from './tightened-binding.ts';
import { ServiceError } from '../service-error.ts';

/** A tag of a version that is not obeyed as written, told as an error that stops nothing by itself. */
export interface TagFault {
  readonly tag: OperatorTag;
  readonly error: ServiceError;
  /** For plans: what is wrong and what follows from it. */
  readonly sentence: string;
}

/**
 * What is wrong with the tags of one version of `binding`'s secret, malformed ones first.
 * The tag's text is left out: it came from outside, and people write values where they do not belong.
 */
export function tagFaults(binding: SecretBinding, tags: Readonly<Record<string, string>>): readonly TagFault[] {
  const { vault, name: secret, validityMs } = binding;
  const { malformed, widened } = tightenedBinding(binding, tags);
  const period = formatDuration(validityMs);
  return [
    ...malformed.map((tag) => {
      const expected = operatorTags[tag];
      const effect =
        tag === 'rotation'
          ? 'counts as off, so that only an emergency rotates'
          : `has no effect; the policy's ${period} hold`;
      return {
        tag,
        error: new ServiceError('SECRET_TAG_MALFORMED', { vault, secret, tag, expected }),
        sentence: `${vault}/${secret}: tag ${tag} is not ${expected} (SECRET_TAG_MALFORMED); it ${effect}.`,
      };
    }),
    ...widened.map((tag) => ({
      tag,
      error: new ServiceError('SECRET_TAG_WIDENS', { vault, secret, tag, allowed: period }),
      sentence: `${vault}/${secret}: tag ${tag} asks for more than the policy's ${period} (SECRET_TAG_WIDENS); it has no effect.`,
    })),
  ];
}
