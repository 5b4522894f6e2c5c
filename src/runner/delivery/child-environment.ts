/** Variables that identify the job, the runner or this helper; no command needs them to use a secret. */
const stripped = /^(AZURE_|ACTIONS_|IDENTITY_|MSI_|IMDS_|KEYTURN_)|^(GITEA_TOKEN|GITHUB_TOKEN|FORGEJO_TOKEN)$/;

/** Variables that most commands need. */
const bare = /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|TMPDIR|LANG|LC_[A-Z]+|CI)$/;

/**
 * Builds the command's environment: the job's, without identifying variables, plus the secrets. `pristine`: only
 * variables that most commands need. `keep`: identifying variables to pass on nevertheless. `credential`: the variable
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
    const wanted = keep.includes(name) || (pristine ? bare.test(name) : !stripped.test(name));
    if (value !== undefined && wanted && name !== credential) handed[name] = value;
  }
  for (const [name, value] of secrets) handed[name] = value;
  return handed;
}
