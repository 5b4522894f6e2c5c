import type { SecretBinding } from './policy.ts';

const dayMs = 86_400_000;

/**
 * The binding as a version's own tags leave it: they may shorten or forbid, never widen, name a target or opt a secret in.
 * `binding` is `null` when they forbid; `widened` names tags that try to allow more than the policy, which have no effect.
 */
export function tightenedBinding(
  binding: SecretBinding,
  tags: Readonly<Record<string, string>>,
): { readonly binding: SecretBinding | null; readonly widened: readonly string[] } {
  const widened: string[] = [];
  if (tags['rotation']?.trim().toLowerCase() === 'off') return { binding: null, widened };
  const text = tags['ValidityPeriodDays'];
  if (text === undefined) return { binding, widened };
  const validityMs = /^\d{1,5}$/.test(text.trim()) ? Number(text) * dayMs : Number.NaN;
  if (validityMs > binding.validityMs) widened.push('ValidityPeriodDays');
  const shorter = validityMs > 0 && validityMs < binding.validityMs;
  return { binding: shorter ? { ...binding, validityMs } : binding, widened };
}
