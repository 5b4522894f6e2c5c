import type { SecretBinding } from './policy.ts';

const dayMs = 86_400_000;

/** The tags that an operator may set on a version, and what each is to be. */
export const operatorTags = {
  rotation: 'on or off',
  ValidityPeriodDays: 'a whole number of days, at least 1',
} as const;

export type OperatorTag = keyof typeof operatorTags;

/** What a version's own tags make of the policy's word. */
export interface TightenedBinding {
  /** `null` when the tags forbid to rotate. */
  readonly binding: SecretBinding | null;
  /** Tags that try to allow more than the policy; they have no effect. */
  readonly widened: readonly OperatorTag[];
  /** Tags that are not what they are to be: a validity then has no effect, `rotation` counts as off. */
  readonly malformed: readonly OperatorTag[];
}

/**
 * The binding as a version's own tags leave it: they may shorten or forbid, never widen, name a target or opt a secret in.
 * Never throws: whoever may set a secret may write its tags, and must not be able to stop a pass with one.
 */
export function tightenedBinding(binding: SecretBinding, tags: Readonly<Record<string, string>>): TightenedBinding {
  const mayRotate = rotationIn(tags['rotation']);
  const validityMs = validityIn(tags['ValidityPeriodDays']);
  const shorter = validityMs !== null && validityMs < binding.validityMs ? { ...binding, validityMs } : binding;
  return {
    // Who wrote `of` or `paused` wanted no rotation. To rotate would take a value that somebody asked to keep; to forbid is
    // no more than the same writer may do with `off`.
    binding: mayRotate === true ? shorter : null,
    widened: validityMs !== null && validityMs > binding.validityMs ? ['ValidityPeriodDays'] : [],
    malformed: [
      ...(mayRotate === null ? (['rotation'] as const) : []),
      ...(Number.isNaN(validityMs) ? (['ValidityPeriodDays'] as const) : []),
    ],
  };
}

/** Whether the tag lets a secret be rotated; `null` when it is neither word. */
function rotationIn(text: string | undefined): boolean | null {
  const word = text?.trim().toLowerCase() ?? 'on';
  if (word === 'on') return true;
  return word === 'off' ? false : null;
}

/** Milliseconds; `null` without the tag, not a number when it is malformed. What was meant is then unknown, so the policy holds. */
function validityIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  const days = /^\d+$/.test(text.trim()) ? Number(text) : 0;
  return days > 0 ? days * dayMs : Number.NaN;
}
