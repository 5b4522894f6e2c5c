import { openPolicy } from '../composition/open-policy.ts';
import { namespaceRefusals, type ReadingJob } from '../secrets/namespace-refusals.ts';
import type { IdentityRule, Policy, SecretBinding } from '../secrets/policy.ts';
import { ServiceError } from '../service-error.ts';
import { readSettings } from '../settings/read-settings.ts';
import type { Command } from './command.ts';
import { readWords, required } from './read-words.ts';

const help = `
keyturn explain NAME REPOSITORY [--branch NAME] [--event NAME] [--fork] [--json]

Says whether jobs of a repository may read a secret, which namespace of the policy allows it, and with which identities
those jobs run. NAME is the secret's name, or VAULT/NAME; REPOSITORY is owner/name. Asks nobody: it reads the policy alone.
Key Vault itself knows no namespaces: who may read is decided by role assignments, and a read by any other job is found
afterwards, in the report.

Example: keyturn explain payments-api-key acme/payments --branch main
`;

interface Explanation {
  readonly secret: string;
  readonly repository: string;
  readonly allowed: boolean;
  readonly namespaces: readonly {
    readonly name: string;
    readonly allows: boolean;
    readonly because: readonly string[];
  }[];
  readonly identities: readonly {
    readonly objectId: string;
    readonly labels: readonly string[];
    readonly dedicated: boolean;
  }[];
}

/** A developer's question, answered from the policy. */
export const explain: Command = {
  name: 'explain',
  summary: 'says whether jobs of a repository may read a secret, and why',
  help,
  async run(words, { environment, print }) {
    const { values, positionals } = readWords(
      'explain',
      words,
      {
        branch: { type: 'string' },
        event: { type: 'string' },
        fork: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
      2,
    );
    const name = required('explain', 'NAME', positionals[0]);
    const job: ReadingJob = {
      repository: required('explain', 'REPOSITORY', positionals[1]),
      fork: values.fork,
      ...(values.branch === undefined ? {} : { branch: values.branch }),
      ...(values.event === undefined ? {} : { event: values.event }),
    };
    const policy = await openPolicy(readSettings(environment));
    const explanation = explainRead(policy, bindingOf(policy, name), job);
    if (values.json) print(JSON.stringify(explanation));
    else for (const line of linesOf(explanation)) print(line);
    return 0;
  },
};

function bindingOf({ secrets }: Policy, wanted: string): SecretBinding {
  const lower = wanted.toLowerCase();
  const found = [...secrets.values()].filter(({ vault, name }) => lower === name || lower === `${vault}/${name}`);
  const [binding, ...others] = found;
  if (others.length > 0) {
    throw new ServiceError('USAGE_WRONG', { command: 'explain', reason: 'several vaults have it: write VAULT/NAME' });
  }
  if (binding !== undefined) return binding;
  const [vault = '', secret = ''] = lower.includes('/') ? lower.split('/') : ['', lower];
  throw new ServiceError('SECRET_NOT_BOUND', { vault, secret });
}

function explainRead(policy: Policy, binding: SecretBinding, job: ReadingJob): Explanation {
  const namespaces = binding.namespaces.flatMap((name) => {
    const namespace = policy.namespaces.get(name);
    if (namespace === undefined) return [];
    const because = namespaceRefusals(job, namespace, binding.environment);
    return [{ name, allows: because.length === 0, because }];
  });
  return {
    secret: `${binding.vault}/${binding.name}`,
    repository: job.repository,
    // Without namespaces no read is held against one.
    allowed: namespaces.length === 0 || namespaces.some(({ allows }) => allows),
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
