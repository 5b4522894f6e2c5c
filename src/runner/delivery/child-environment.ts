/** What identifies the job, the runner or this helper to somebody: no command needs it to use a secret. */
const stripped = /^(AZURE_|ACTIONS_|IDENTITY_|MSI_|IMDS_|KEYTURN_)|^(GITEA_TOKEN|GITHUB_TOKEN|FORGEJO_TOKEN)$/;

/** What a command cannot well do without. */
const bare = /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|TMPDIR|LANG|LC_[A-Z]+|CI)$/;

/**
 * The environment of the command: the job's, without what identifies it, and the secrets.
 * `pristine`: only what a command cannot well do without. `keep`: names that are handed on although they identify.
 * `credential`: the variable that this helper's own client secret came in; it is never handed on.
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
