import { dayMs } from './duration.ts';
import type { SecretBinding } from './policy.ts';

/** The tags that an operator may set on a version, and the form of each value. */
export const operatorTags = {
  rotation: 'on or off',
  ValidityPeriodDays: 'a whole number of days, at least 1',
} as const;

export type OperatorTag = keyof typeof operatorTags;

/** A binding after a version's own tags have been applied. */
export interface TightenedBinding {
  /** `null` if the tags forbid rotation. */
  readonly binding: SecretBinding | null;
  /** Tags that ask for more than the policy allows; they have no effect. */
  readonly widened: readonly OperatorTag[];
  /** Tags with invalid values: an invalid validity has no effect, an invalid `rotation` counts as off. */
  readonly malformed: readonly OperatorTag[];
}

/**
 * Applies a version's own tags to its binding. Tags may shorten or forbid; they never widen, name a target or opt a
 * secret in. Never throws, because anyone who may set a secret can write its tags and must not be able to stop a pass
 * with one.
 */
export function tightenedBinding(binding: SecretBinding, tags: Readonly<Record<string, string>>): TightenedBinding {
  const mayRotate = rotationIn(tags['rotation']);
  const validityMs = validityIn(tags['ValidityPeriodDays']);
  const shorter = validityMs !== null && validityMs < binding.validityMs ? { ...binding, validityMs } : binding;
  return {
    // An operator who wrote `of` or `paused` wanted no rotation. Rotating would replace a value that they asked to
    // keep; forbidding is no more than they could do with `off`.
    binding: mayRotate === true ? shorter : null,
    widened: validityMs !== null && validityMs > binding.validityMs ? ['ValidityPeriodDays'] : [],
    malformed: [
      ...(mayRotate === null ? (['rotation'] as const) : []),
      ...(Number.isNaN(validityMs) ? (['ValidityPeriodDays'] as const) : []),
    ],
  };
}

/** Whether the tag allows rotation; `null` if it is neither word. */
function rotationIn(text: string | undefined): boolean | null {
  const word = text?.trim().toLowerCase() ?? 'on';
  if (word === 'on') return true;
  return word === 'off' ? false : null;
}

/**
 * Milliseconds; `null` without the tag, NaN if it is malformed. The intention is then unknown, so the policy applies.
 */
function validityIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  const days = /^\d+$/.test(text.trim()) ? Number(text) : 0;
  return days > 0 ? days * dayMs : Number.NaN;
}
