import { variableNames } from '../configuration/variable-names.ts';

/** Variables that identify the job, the runner or this helper; no command needs them to use a secret. */
const isStripped = variableNames(
  'AZURE_* ACTIONS_* IDENTITY_* MSI_* IMDS_* KEYTURN_* GITEA_TOKEN GITHUB_TOKEN FORGEJO_TOKEN',
);

/** Tokens for other systems. A command that is handed its secrets here needs none that the job happens to hold. */
const isCredential = variableNames(
  'AWS_* GOOGLE_APPLICATION_CREDENTIALS GOOGLE_CREDENTIALS CLOUDSDK_AUTH_* ARM_CLIENT_SECRET ARM_ACCESS_KEY ARM_SAS_TOKEN',
  'VAULT_TOKEN CONSUL_HTTP_TOKEN OP_SERVICE_ACCOUNT_TOKEN INFISICAL_TOKEN DOPPLER_TOKEN TF_TOKEN_*',
  'NPM_TOKEN NODE_AUTH_TOKEN GH_TOKEN GITLAB_TOKEN CI_JOB_TOKEN CARGO_REGISTRY_TOKEN TWINE_PASSWORD DOCKER_AUTH_CONFIG',
);
/** What of them says where and how, and opens nothing. */
const isSetting = variableNames('AWS_REGION AWS_DEFAULT_REGION AWS_DEFAULT_OUTPUT AWS_PAGER AWS_CA_BUNDLE');

/**
 * Variables that make a shell or an interpreter run a file or options of somebody else's choice at its start. An earlier
 * step can set them by GITHUB_ENV, and would then run inside the command that has the secrets.
 */
const startsCode = variableNames(
  'BASH_ENV ENV PROMPT_COMMAND PYTHONSTARTUP PERL5OPT RUBYOPT DOTNET_STARTUP_HOOKS',
  'JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS',
);

/** Variables that most commands need. */
const isBare = variableNames('PATH HOME USER LOGNAME SHELL TERM TZ TMPDIR LANG LC_* CI');

/**
 * Builds the command's environment: the job's plus the secrets, without variables that identify the job, hold another
 * credential or run code. `pristine`: only variables that most commands need. `keep`: variables to pass on nevertheless. `credential`: the variable
 * with this helper's own client secret, which is never passed on.
 */
export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  secrets: ReadonlyMap<string, string>,
  {
    pristine = false,
    keep = [],
    credential = null,
  }: { readonly pristine?: boolean; readonly keep?: readonly string[]; readonly credential?: string | null } = {},
): Record<string, string> {
  const handed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const wanted = keep.includes(name) || (pristine ? isBare(name) : !isStripped(name) && !isTold(name));
    if (value !== undefined && wanted && name !== credential) handed[name] = value;
  }
  for (const [name, value] of secrets) handed[name] = value;
  return handed;
}

/**
 * Names of set variables that are held back although a command might expect them: the caller says so, once. Those that
 * every job has are held back in silence.
 */
export function heldBack(
  environment: Readonly<Record<string, string | undefined>>,
  { pristine = false, keep = [] }: { readonly pristine?: boolean; readonly keep?: readonly string[] } = {},
): readonly string[] {
  // Whoever asks for a bare environment knows that it is one.
  if (pristine) return [];
  const names = Object.keys(environment).filter((name) => (environment[name] ?? '') !== '');
  return names.filter((name) => isTold(name) && !keep.includes(name)).toSorted();
}

function isTold(name: string): boolean {
  return startsCode(name) || (isCredential(name) && !isSetting(name));
}
