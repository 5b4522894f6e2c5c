import { ServiceError } from '../../service-error.ts';

/**
 * Variables with which an earlier step could run code in this helper, change whom it trusts, or redirect its requests.
 * An `env:` in a workflow or a line in GITHUB_ENV can set them.
 */
const hostile = [
  /^LD_(PRELOAD|AUDIT|LIBRARY_PATH|DEBUG|DEBUG_OUTPUT|PROFILE)$/,
  /^NODE_(OPTIONS|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED|USE_ENV_PROXY|USE_SYSTEM_CA|PATH|DEBUG|DEBUG_NATIVE)$/,
  // A cache of compiled code is code; the others choose where coverage and warnings are written.
  /^NODE_(COMPILE_CACHE|V8_COVERAGE|REDIRECT_WARNINGS|ICU_DATA)$/,
  // Distributions build Node to read its certificate authorities from these.
  /^(SSL_CERT_FILE|SSL_CERT_DIR|SSLKEYLOGFILE|OPENSSL_(CONF|MODULES|ENGINES))$/,
  // Name resolution: the address of a vault's name.
  /^(HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|GLIBC_TUNABLES)$/,
  /^AZURE_(AUTHORITY_HOST|POD_IDENTITY_AUTHORITY_HOST|REGIONAL_AUTHORITY_NAME)$/,
  /^(http_proxy|https_proxy|all_proxy)$/i,
  /^KEYTURN_SERVICE$/,
];

/**
 * Refuses to continue while the job's environment could redirect this helper. `allowed`: variables that the runner's
 * configuration permits; the helper itself reads none of them.
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
