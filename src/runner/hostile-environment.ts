import { ServiceError } from '../service-error.ts';

/**
 * Variables by which an earlier step could run code in this helper, make it trust somebody else, or send its requests
 * elsewhere. An `env:` in a workflow, or a line written to GITHUB_ENV, is all it takes to set them.
 */
const hostile = [
  /^LD_(PRELOAD|AUDIT|LIBRARY_PATH)$/,
  /^NODE_(OPTIONS|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED|USE_ENV_PROXY|USE_SYSTEM_CA|PATH|DEBUG|V8_COVERAGE)$/,
  /^(OPENSSL_CONF|OPENSSL_MODULES|SSLKEYLOGFILE)$/,
  /^AZURE_(AUTHORITY_HOST|POD_IDENTITY_AUTHORITY_HOST|REGIONAL_AUTHORITY_NAME)$/,
  /^(http_proxy|https_proxy|all_proxy)$/i,
  /^KEYTURN_SERVICE$/,
];

/**
 * Refuses to go on while the job's environment could redirect this helper. `allowed`: what the runner's own
 * configuration lets through; the helper itself reads none of them either way.
 * @throws ServiceError ENVIRONMENT_HOSTILE
 */
export function refuseHostileEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  allowed: readonly string[],
): void {
  const variables = Object.keys(environment).filter(
    (name) => environment[name] !== '' && hostile.some((form) => form.test(name)) && !allowed.includes(name),
  );
  if (variables.length > 0) throw new ServiceError('ENVIRONMENT_HOSTILE', { variables: variables.toSorted() });
}
