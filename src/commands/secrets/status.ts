import { type Binding, type Health, healths } from '../../web/portal-ports.ts';
import type { Run } from '../command.ts';
import { healthWords } from './health-words.ts';
import { knownNow } from './known-now.ts';
import type { statusRow } from './secret-rows.ts';

/** What a count asks for, where its words alone do not say it. */
const meanings: { readonly [One in Health]?: string } = {
  overdue: ' (past the day on which it must be replaced)',
  disabled: ' (its newest version is disabled)',
  'no-end': ' (no expiry, and no policy that replaces it: keyturn list names them)',
  'due-soon': ' (within 14 days)',
};

/** Counts secrets by how they are, and names what waits for a person. */
export const status: Run<typeof statusRow> = async ({ values }, runtime) => {
  const { known, facts } = await knownNow(runtime, { reads: false });
  const secrets = [...known.values()].map(({ listed }) => listed);
  const counts = Object.fromEntries(
    healths.map((health) => [health, secrets.filter((one) => one.health === health).length]),
  );
  const waiting = facts.rotations
    .filter(({ awaits, state }) => awaits !== null || state === 'needs-attention')
    .map(({ rotationId, vault, secret, state, awaits, failure }) => ({
      rotation: rotationId,
      secret: `${vault}/${secret}`,
      state,
      awaits,
      failure,
    }));
  const overdue = secrets.filter(({ health }) => health === 'overdue').map(({ vault, secret }) => `${vault}/${secret}`);
  if (values.json) {
    runtime.print(JSON.stringify({ secrets: secrets.length, counts, waiting, overdue }));
    return waiting.length + overdue.length > 0 ? 1 : 0;
  }
  const countOf = (binding: Binding) => String(secrets.filter((one) => one.binding === binding).length);
  runtime.print(
    `${secrets.length === 1 ? '1 secret is' : `${String(secrets.length)} secrets are`} known; the policy binds ${countOf('bound')} and tracks ${countOf('tracked')}.`,
  );
  for (const health of healths) {
    const count = counts[health] ?? 0;
    if (count > 0) runtime.print(`  ${healthWords[health]}: ${String(count)}${meanings[health] ?? ''}`);
  }
  for (const secret of overdue) runtime.print(`${secret} is overdue: keyturn show ${secret} says why.`, 'attention');
  for (const one of waiting) runtime.print(sentenceOf(one), 'attention');
  if (waiting.length + overdue.length === 0) runtime.print('Nothing waits for a person.');
  return waiting.length + overdue.length > 0 ? 1 : 0;
};

function sentenceOf({
  rotation,
  secret,
  awaits,
  failure,
}: {
  readonly rotation: string;
  readonly secret: string;
  readonly awaits: 'publish' | 'revoke' | 'go' | null;
  readonly failure: string | null;
}): string {
  const about = `Rotation ${rotation} of ${secret}`;
  if (awaits === 'go') return `${about} waits for a go: keyturn rotate ${secret} --go`;
  if (awaits !== null) return `${about} waits for a second person to approve that it may ${awaits}, in the portal.`;
  return `${about} needs a person${failure === null ? '' : ` (${failure})`}: keyturn show ${secret}`;
}
