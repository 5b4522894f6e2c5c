import { composeKeyturn } from '../compose.ts';
import { describeEvent } from '../composition/describe-rotation.ts';
import { describeRotationPass } from '../composition/describe-pass.ts';
import { type Reconciled, reconcileRotations } from '../rotation/reconcile-rotations.ts';
import type { Run } from './command.ts';
import type { reconcileRow } from './rotation-rows.ts';
import { requireRotator } from './require-rotator.ts';

type Planned = Reconciled['planned'][number];

/** Makes one pass on demand. */
export const reconcile: Run<typeof reconcileRow> = async ({ values }, runtime) => {
  const { print, say, progress, environment } = runtime;
  const { rotation, settings, policy, keepPolicy } = await composeKeyturn(environment, {
    watch: (event) => progress(describeEvent(event)),
  });
  if (!values.plan) {
    requireRotator('reconcile', settings);
    await keepPolicy();
  }
  const { failures, ...result } = await reconcileRotations(rotation, { plan: values.plan });
  if (values.json) print(JSON.stringify(result));
  else {
    if (policy().secrets.size === 0) print('Observe mode: no policy binds a secret, so nothing is rotated.');
    for (const line of linesOf(result, values.plan)) print(line);
  }
  for (const { subject, error } of failures) say(`${subject}: ${error.says} (${error.code})`);
  return failures.length > 0 ? 3 : 0;
};

function linesOf({ counts, planned }: Pick<Reconciled, 'counts' | 'planned'>, isPlan: boolean): readonly string[] {
  if (!isPlan) return [describeRotationPass(counts)];
  const lines = planHeadings.flatMap(([group, heading]) => groupLines(group, heading, planned));
  return lines.length > 0 ? lines : ['Nothing to do.'];
}

/** In the order in which a person wants to know. */
const planHeadings: readonly (readonly [Planned['group'], string])[] = [
  ['stopped', 'Stopped'],
  ['attention', 'Needs a person'],
  ['rotate', 'Would rotate now'],
  ['go-on', 'Would go on'],
  ['go', 'Due; the first rotation waits for a go'],
  ['approval', 'Waits for a second person'],
  ['mode', 'Due; left to a person by the policy'],
  ['people', 'For people to replace'],
  ['earlier-environment', 'Due; another environment goes first'],
  ['window', 'Due; waits for its window'],
  ['paced', 'Due; as many as the policy allows were made'],
  ['rest-after-roll-back', 'Due; was rolled back'],
  ['held', 'Held'],
  ['in-use', 'The old credential may still be in use'],
  ['retry', 'Failed, and is tried again'],
  ['in-flight', 'A request may still arrive'],
  ['propagation', 'Cannot be told yet'],
  ['unseen', 'Could not be looked at'],
  ['clock', 'Clocks disagree'],
  ['busy', 'Another worker is at it'],
  ['tags', 'Tags that are not obeyed'],
];
/** A person reads so many of a kind; `--json` has all. */
const mostOfAKind = 12;

/** Groups of which each line says the same of another secret: the heading has said it. */
const sameOfAll: ReadonlySet<Planned['group']> = new Set(['go', 'mode']);

function groupLines(group: Planned['group'], heading: string, planned: readonly Planned[]): readonly string[] {
  const lines = planned.flatMap((one) => (one.group === group ? [shortened(one)] : []));
  if (lines.length === 0) return [];
  const more = lines.length - mostOfAKind;
  return [
    `${heading} (${String(lines.length)}):`,
    ...lines.slice(0, mostOfAKind).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${String(more)} more; --json lists all`] : []),
  ];
}

/** What a person needs of a sentence under its heading: a day, and the beginning of a version. */
function shortened({ group, text }: Planned): string {
  if (sameOfAll.has(group)) return text.slice(0, text.indexOf(': '));
  return text
    .replace(': would rotate away from ', ': ')
    .replaceAll(/\b([0-9a-f]{8})[0-9a-f]{24}\b/g, '$1')
    .replaceAll(/(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}):\d{2}(\.\d+)?Z/g, '$1Z');
}
