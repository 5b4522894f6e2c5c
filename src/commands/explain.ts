import { resolve } from 'node:path';
import { decideRead, type ReadDecision, type ReadQuestion } from '../broker/decide.ts';
import { openPolicy, openPolicyFile, unnamedVault } from '../composition/policy/open-policy.ts';
import { decideAccess, type NamespaceVerdict } from '../secrets/decide-access.ts';
import type { ReadingJob } from '../secrets/namespace-refusals.ts';
import type { IdentityRule, Policy, SecretBinding, TrackedSecret } from '../secrets/policy.ts';
import type { SecretUse } from '../secrets/secret-use.ts';
import { ServiceError } from '../service-error.ts';
import { readSettings } from '../settings/read-settings.ts';
import type { Run, Runtime } from './command.ts';
import type { explainRow } from './rotation-rows.ts';

interface Explanation {
  readonly secret: string;
  readonly repository: string;
  readonly allowed: boolean;
  readonly namespaces: readonly NamespaceVerdict[];
  /** Whether the broker gives it to the job: what it decides before each read. */
  readonly broker: {
    readonly serves: boolean;
    readonly because: readonly string[];
    /** Who may approve, if a person must; `null` if nobody is asked. */
    readonly approvers: readonly string[] | null;
  };
  /** What the broker does with it in the job's place, so that the job never has it. */
  readonly uses: {
    readonly allowed: boolean;
    readonly because: readonly string[];
    /** Those of the policy, whether this job may ask for them or not. */
    readonly requests: readonly SecretUse[];
  };
  readonly identities: readonly {
    readonly objectId: string;
    readonly labels: readonly string[];
    readonly dedicated: boolean;
  }[];
}

/** What is asked: a secret, a repository and what is known of the job. */
interface ExplainQuestion {
  readonly name: string;
  readonly repository: string;
  readonly branch: string | undefined;
  readonly event: string | undefined;
  readonly workflow: string | undefined;
  readonly fork: boolean;
  readonly protected: boolean;
  /** The policy's file; `undefined`: that of the settings. */
  readonly policy: string | undefined;
}

/** Answers a developer's question from the policy. */
export const explain: Run<typeof explainRow> = async ({ values, positionals }, runtime) => {
  const [name = '', repository = ''] = positionals;
  if (!/^[^/\s]+\/[^/\s]+$/.test(repository)) {
    throw new ServiceError('USAGE_WRONG', { command: 'explain', reason: 'REPOSITORY must be written owner/name.' });
  }
  const explanation = await explainTo(runtime, { ...values, name, repository });
  if (values.json) runtime.print(JSON.stringify(explanation));
  else for (const line of linesOf(explanation)) runtime.print(line);
  return explanation.allowed ? 0 : 1;
};

/** Answers it for a program. @throws ServiceError `SECRET_NOT_BOUND`, `USAGE_WRONG` for a name that several vaults have */
export async function explainTo(
  { environment, directory }: Pick<Runtime, 'environment' | 'directory'>,
  question: ExplainQuestion,
): Promise<Explanation> {
  const { name, repository, branch, event, workflow, fork } = question;
  const job: ReadingJob = {
    repository,
    fork,
    ...(branch === undefined ? {} : { branch }),
    ...(event === undefined ? {} : { event }),
    ...(workflow === undefined ? {} : { workflow }),
    // Said of a branch that was named, or when it is protected: otherwise nothing is known of it.
    ...(question.protected || branch !== undefined ? { protectedBranch: question.protected } : {}),
  };
  const policy = await readPolicy(question.policy, environment, directory);
  return explainRead(policy, findEntry(policy, name), job);
}

/** A developer and a pipeline have the file alone: without vaults in the settings, no other setting is asked for. */
async function readPolicy(named: string | undefined, environment: Runtime['environment'], directory: string) {
  const file = named ?? (environment['KEYTURN_VAULTS'] === undefined ? environment['KEYTURN_POLICY'] : undefined);
  if (file !== undefined) return (await openPolicyFile(resolve(directory, file), [])).policy;
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
    broker: brokerDecision(policy, entry, job),
    uses: useDecision(policy, entry, job),
    identities: [...policy.identities.values()]
      .filter((identity) => serves(identity, job.repository))
      .map(({ objectId, runnerLabels, repositories }) => ({
        objectId,
        labels: runnerLabels,
        dedicated: repositories.length === 1,
      })),
  };
}

function brokerDecision(policy: Policy, entry: SecretBinding | TrackedSecret, job: ReadingJob): Explanation['broker'] {
  const decision = decide(policy, entry, { job, delivery: 'value' });
  if (!decision.allowed) return { serves: false, because: decision.because.map(({ says }) => says), approvers: null };
  return { serves: true, because: [], approvers: decision.access?.approvers ?? null };
}

function useDecision(policy: Policy, entry: SecretBinding | TrackedSecret, job: ReadingJob): Explanation['uses'] {
  const { uses = [] } = entry;
  const decision = decide(policy, entry, { job, delivery: 'use' });
  if (!decision.allowed) return { allowed: false, because: decision.because.map(({ says }) => says), requests: uses };
  return { allowed: true, because: [], requests: uses };
}

/** The broker's own decision for a session that has asked for nothing yet, in a broker that serves the secret's vault. */
function decide(
  policy: Policy,
  { vault, name }: SecretBinding | TrackedSecret,
  { job, delivery }: Pick<ReadQuestion, 'job' | 'delivery'>,
): ReadDecision {
  return decideRead({
    policy,
    job,
    secret: { vault, name },
    vaults: new Set([vault.toLowerCase()]),
    ownSecrets: new Set(),
    requests: 0,
    mostRequests: 1,
    delivery,
    sessionEnded: null,
  });
}

/** A runner's identity that names no repositories may serve any. */
function serves({ role, repositories }: IdentityRule, repository: string): boolean {
  const wanted = repository.toLowerCase();
  return role === 'runner' && (repositories.length === 0 || repositories.some((one) => one.toLowerCase() === wanted));
}

function* linesOf({
  secret,
  repository,
  allowed,
  namespaces,
  broker,
  uses,
  identities,
}: Explanation): Generator<string> {
  yield `Jobs of ${repository} ${allowed ? 'may' : 'may not'} read ${secret}.`;
  if (namespaces.length === 0) yield 'The policy names no namespace for it: no read is held against one.';
  for (const { name, allows, because } of namespaces) {
    yield allows ? `  ${name} allows it.` : `  ${name} does not: ${because.join('; ')}.`;
  }
  yield* brokerLines(broker);
  yield* useLines(uses);
  if (identities.length === 0)
    yield 'No identity of the policy serves this repository: no read of it can be tied to a job.';
  for (const { objectId, labels, dedicated } of identities) {
    const runners = labels.length === 0 ? 'any runner' : `runners labelled ${labels.join(', ')}`;
    const shared = dedicated ? 'it serves this repository alone' : 'it serves other repositories too';
    yield `  Identity ${objectId}, on ${runners}: ${shared}.`;
  }
}

/** A secret without `uses` needs no line: most have none. */
function* useLines({ allowed, because, requests }: Explanation['uses']): Generator<string> {
  if (requests.length === 0) return;
  if (!allowed) {
    yield `  The broker makes no request with it for such a job: ${because.join(' ')}`;
    return;
  }
  yield '  The broker uses it in the place of such a job, which then holds no value:';
  for (const { methods, hosts, port, paths, place } of requests) {
    const where = hosts.map((host) => `https://${host}${port === 443 ? '' : `:${String(port)}`}`).join(' or ');
    yield `    ${methods.join(', ')} ${where} ${paths.join(' or ')}: ${place === 'none' ? 'nothing is put in' : `in ${place}`}.`;
  }
}

function* brokerLines({ serves: isServed, because, approvers }: Explanation['broker']): Generator<string> {
  if (!isServed) {
    yield `  The broker does not give it to such a job: ${because.join(' ')}`;
  } else if (approvers === null) {
    yield '  The broker gives it to such a job.';
  } else {
    yield `  The broker gives it to such a job after ${approvers.join(' or ')} approved, who neither wrote the commit nor started the run.`;
  }
}
