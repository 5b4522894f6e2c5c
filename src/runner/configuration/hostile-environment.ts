import { ServiceError } from '../../service-error.ts';
import { variableNames } from './variable-names.ts';

/**
 * Variables with which an earlier step could run code in this helper, change whom it trusts, or redirect its requests.
 * An `env:` in a workflow or a line in GITHUB_ENV can set them.
 */
const isHostile = variableNames(
  'LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH LD_DEBUG LD_DEBUG_OUTPUT LD_PROFILE',
  'NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED NODE_USE_ENV_PROXY NODE_USE_SYSTEM_CA NODE_PATH',
  'NODE_DEBUG NODE_DEBUG_NATIVE',
  // A cache of compiled code is code; the others choose where coverage and warnings are written.
  'NODE_COMPILE_CACHE NODE_V8_COVERAGE NODE_REDIRECT_WARNINGS NODE_ICU_DATA',
  // Distributions build Node to read its certificate authorities from these.
  'SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES',
  // Name resolution: the address of a vault's name.
  'HOSTALIASES LOCALDOMAIN RES_OPTIONS GLIBC_TUNABLES',
  'AZURE_AUTHORITY_HOST AZURE_POD_IDENTITY_AUTHORITY_HOST AZURE_REGIONAL_AUTHORITY_NAME',
  'KEYTURN_SERVICE',
);
/** In small letters or capitals. */
const isProxy = variableNames('http_proxy https_proxy all_proxy');

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
    (name) => environment[name] !== '' && (isHostile(name) || isProxy(name.toLowerCase())) && !allowed.includes(name),
  );
  if (variables.length > 0) throw new ServiceError('ENVIRONMENT_HOSTILE', { variables: variables.toSorted() });
}
