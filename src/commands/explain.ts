import { resolve } from 'node:path';
import { openPolicy, openPolicyFile, unnamedVault } from '../composition/open-policy.ts';
import { decideAccess, type NamespaceVerdict } from '../secrets/decide-access.ts';
import type { ReadingJob } from '../secrets/namespace-refusals.ts';
import type { IdentityRule, Policy, SecretBinding, TrackedSecret } from '../secrets/policy.ts';
import { ServiceError } from '../service-error.ts';
import { readSettings } from '../settings/read-settings.ts';
import type { Run, Runtime } from './command.ts';
import type { explainRow } from './rotation-rows.ts';

interface Explanation {
  readonly secret: string;
  readonly repository: string;
  readonly allowed: boolean;
  readonly namespaces: readonly NamespaceVerdict[];
  readonly identities: readonly {
    readonly objectId: string;
    readonly labels: readonly string[];
    readonly dedicated: boolean;
  }[];
}

/** Answers a developer's question from the policy. */
export const explain: Run<typeof explainRow> = async ({ values, positionals }, { environment, directory, print }) => {
  const [name = '', repository = ''] = positionals;
  if (!/^[^/\s]+\/[^/\s]+$/.test(repository)) {
    throw new ServiceError('USAGE_WRONG', { command: 'explain', reason: 'REPOSITORY must be written owner/name.' });
  }
  const job: ReadingJob = {
    repository,
    fork: values.fork,
    ...(values.branch === undefined ? {} : { branch: values.branch }),
    ...(values.event === undefined ? {} : { event: values.event }),
  };
  const policy = await readPolicy(values.policy, environment, directory);
  const explanation = explainRead(policy, findEntry(policy, name), job);
  if (values.json) print(JSON.stringify(explanation));
  else for (const line of linesOf(explanation)) print(line);
  return explanation.allowed ? 0 : 1;
};

/** A developer and a pipeline have the file alone: without vaults in the settings, no other setting is asked for. */
async function readPolicy(named: string | undefined, environment: Runtime['environment'], directory: string) {
  const file = named ?? (environment['KEYTURN_VAULTS'] === undefined ? environment['KEYTURN_POLICY'] : undefined);
  if (file !== undefined) return await openPolicyFile(resolve(directory, file), []);
  return (await openPolicy(readSettings(environment))).policy;
}

function findEntry({ secrets, tracked }: Policy, wanted: string): SecretBinding | TrackedSecret {
  const lower = wanted.toLowerCase();
  const found = [...secrets.values(), ...tracked.values()].filter(
    ({ vault, name }) => lower === name || lower === `${vault}/${name}`,
  );
  const [entry, ...others] = found;
  if (others.length > 0) {
    throw new ServiceError('USAGE_WRONG', { command: 'explain', reason: 'several vaults have it: write VAULT/NAME' });
  }
  if (entry !== undefined) return entry;
  const [vault = '', secret = ''] = lower.includes('/') ? lower.split('/') : ['', lower];
  throw new ServiceError('SECRET_NOT_BOUND', { vault, secret });
}

function explainRead(policy: Policy, entry: SecretBinding | TrackedSecret, job: ReadingJob): Explanation {
  const { kind, namespaces } = decideAccess(policy, entry, job);
  return {
    secret: entry.vault === unnamedVault ? entry.name : `${entry.vault}/${entry.name}`,
    repository: job.repository,
    // Without namespaces no read is held against one.
    allowed: kind !== 'refused',
    namespaces,
    identities: [...policy.identities.values()]
      .filter((identity) => serves(identity, job.repository))
      .map(({ objectId, runnerLabels, repositories }) => ({
        objectId,
        labels: runnerLabels,
        dedicated: repositories.length === 1,
      })),
  };
}

/** A runner's identity that names no repositories may serve any. */
function serves({ role, repositories }: IdentityRule, repository: string): boolean {
  const wanted = repository.toLowerCase();
  return role === 'runner' && (repositories.length === 0 || repositories.some((one) => one.toLowerCase() === wanted));
}

function* linesOf({ secret, repository, allowed, namespaces, identities }: Explanation): Generator<string> {
  yield `Jobs of ${repository} ${allowed ? 'may' : 'may not'} read ${secret}.`;
  if (namespaces.length === 0) yield 'The policy names no namespace for it: no read is held against one.';
  for (const { name, allows, because } of namespaces) {
    yield allows ? `  ${name} allows it.` : `  ${name} does not: ${because.join('; ')}.`;
  }
  if (identities.length === 0)
    yield 'No identity of the policy serves this repository: no read of it can be tied to a job.';
  for (const { objectId, labels, dedicated } of identities) {
    const runners = labels.length === 0 ? 'any runner' : `runners labelled ${labels.join(', ')}`;
    const shared = dedicated ? 'it serves this repository alone' : 'it serves other repositories too';
    yield `  Identity ${objectId}, on ${runners}: ${shared}.`;
  }
}
