import type { AccessDifference, AccessDrift, KnownSecret } from '../audit/posture/access-drift.ts';
import { accessDrift } from '../audit/posture/access-drift.ts';
import { accessPlan } from '../audit/posture/access-plan.ts';
import type { Posture } from '../audit/model/posture.ts';
import { readsOnRecord } from '../audit/period/reads-on-record.ts';
import { composeKeyturn } from '../compose.ts';
import type { Composition } from '../composition/composition.ts';
import { describePlan, type PlanForm, planForms } from '../composition/describe-plan.ts';
import { listKnownSecrets } from '../composition/list-known-secrets.ts';
import { dayMs } from '../secrets/duration.ts';
import { emptyPolicy } from '../secrets/policy.ts';
import { ServiceError } from '../service-error.ts';
import type { accessRow } from './access-rows.ts';
import type { ExitCode, Run, Runtime } from './command.ts';

/** Prints where grants and policy differ, or the smallest grants that are needed. Changes nothing. */
export const access: Run<typeof accessRow> = async ({ values, positionals }, runtime) => {
  const form = planForms.find((one) => one === values.to);
  const isPlan = positionals[0] === 'plan';
  if (isPlan && form === undefined) wrong(`plan needs --to, one of ${planForms.join(', ')}`);
  if (!isPlan && values.to !== undefined) wrong('--to belongs to plan');
  const composition = await composeKeyturn(runtime.environment, { now: runtime.now });
  const posture = await look(composition, runtime);
  const secrets = await listKnownSecrets(composition);
  return form === undefined
    ? printDrift(accessDrift(composition.policy(), posture, secrets), values.json, runtime)
    : await printPlan({ composition, posture, secrets, form, json: values.json }, runtime);
};

function wrong(reason: string): never {
  throw new ServiceError('USAGE_WRONG', { command: 'access', reason });
}

async function look({ posture, now }: Composition, { progress }: Runtime): Promise<Posture> {
  if (posture === null) {
    const fault = 'KEYTURN_RESOURCE_MANAGER_ENDPOINT and KEYTURN_GRAPH_ENDPOINT: needed in the embedded cloud';
    throw new ServiceError('SETTINGS_MALFORMED', { faults: [fault] });
  }
  progress('Looking at role assignments …');
  const seen = await posture.look(now());
  const blind = accessDrift(emptyPolicy, seen, []);
  const [first] = blind.notSeen;
  // Half a comparison would look like a whole one: only if no vault at all was seen is there nothing to compare.
  if (first !== undefined && blind.notSeen.length === seen.vaults.length)
    throw new ServiceError('GRANTS_NOT_SEEN', first);
  return seen;
}

function printDrift(drift: AccessDrift, json: boolean, { print }: Runtime): ExitCode {
  if (json) print(JSON.stringify(drift));
  else for (const line of linesOf(drift)) print(line);
  if (drift.notSeen.length > 0) return 3;
  return drift.differences.length > 0 ? 1 : 0;
}

function* linesOf({ differences, undecided, notSeen }: AccessDrift): Generator<string> {
  if (differences.length === 0) yield 'Policy and grants agree.';
  for (const difference of differences) yield lineOf(difference);
  for (const { principalId, vault, grant } of undecided) {
    yield `undecided  ${principalId}  ${vault}  ${grant.role} on ${grant.scope}: ${grant.verdict}`;
  }
  for (const { vault, because } of notSeen) yield `not seen   ${vault}: ${because}`;
}

function lineOf({ kind, vault, secret, principalId, grant, why }: AccessDifference): string {
  const what = secret === null ? `${vault} (every secret)` : `${vault}/${secret}`;
  const by = grant === null ? '' : ` by ${grant.role} on ${grant.scope}`;
  return `${kind.padEnd(9)}  ${principalId}  ${what}${by}: ${why}`;
}

async function printPlan(
  order: {
    readonly composition: Composition;
    readonly posture: Posture;
    readonly secrets: readonly KnownSecret[];
    readonly form: PlanForm;
    readonly json: boolean;
  },
  { print, progress }: Runtime,
): Promise<ExitCode> {
  const { composition, posture, secrets, form, json } = order;
  const { policy, records, now } = composition;
  progress('Reading the rows of the last 90 days …');
  const to = now();
  const reads = await readsOnRecord(records, { from: new Date(to.getTime() - 90 * dayMs), to });
  const plan = accessPlan(policy(), posture, secrets, reads);
  if (json) print(JSON.stringify(plan));
  else for (const line of describePlan(plan, form)) print(line);
  if (plan.notSeen.length > 0) return 3;
  return plan.byHand.length > 0 || plan.endingReads.length > 0 ? 1 : 0;
}
