/** Where the programs of a command find the proxy and whom they trust. */
interface Door {
  /** `http://127.0.0.1:3128`. */
  readonly proxy: string;
  /** Path of the PEM of the authority. Alone: nothing else can be reached. */
  readonly authority: string;
}

/** Every variable for a proxy. `NO_PROXY` is emptied: an exception would lead nowhere. */
const proxyVariables = {
  // curl(1), Git's http.proxy, pip, npm, Go's net/http (Terraform), Python's urllib: the lower-case name is the older one,
  // and some programs read only one of the two. curl reads http_proxy in lower case alone, because a CGI program's
  // environment holds the header Proxy as HTTP_PROXY.
  HTTPS_PROXY: 'proxy',
  https_proxy: 'proxy',
  HTTP_PROXY: 'proxy',
  http_proxy: 'proxy',
  ALL_PROXY: 'proxy',
  all_proxy: 'proxy',
  NO_PROXY: '',
  no_proxy: '',
  // Node 24 and 22.21: fetch and node:https take the proxy variables only with this one (nodejs.org/api/cli.html).
  NODE_USE_ENV_PROXY: '1',
  // npm reads its own names before the general ones (docs.npmjs.com/cli/using-npm/config, https-proxy and noproxy).
  npm_config_https_proxy: 'proxy',
  npm_config_proxy: 'proxy',
  npm_config_noproxy: '',
} as const;

/** Every variable for certificate authorities, each a path of a PEM. */
const authorityVariables = [
  // OpenSSL's default, SSL_CERT_FILE(7): Python's ssl, Ruby, PHP; Go reads it too (crypto/x509, root_unix.go).
  'SSL_CERT_FILE',
  // curl(1), ENVIRONMENT.
  'CURL_CA_BUNDLE',
  // Python requests, "SSL Cert Verification"; pip takes it after its own.
  'REQUESTS_CA_BUNDLE',
  // pip, "HTTPS certificates": every option is a variable PIP_….
  'PIP_CERT',
  // git-config(1), http.sslCAInfo.
  'GIT_SSL_CAINFO',
  // Node, in addition to its own (nodejs.org/api/cli.html).
  'NODE_EXTRA_CA_CERTS',
  // npm, config cafile.
  'npm_config_cafile',
  'NPM_CONFIG_CAFILE',
  // AWS CLI and SDKs, ca_bundle.
  'AWS_CA_BUNDLE',
  // The Cargo book, http.cainfo.
  'CARGO_HTTP_CAINFO',
  // Google Cloud CLI, property core/custom_ca_certs_file.
  'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE',
  // Deno, "environment variables".
  'DENO_CERT',
  // httplib2, CA certificates of Google's older Python clients.
  'HTTPLIB2_CA_CERTS',
  // Nix's builds of OpenSSL and its own fetchers.
  'NIX_SSL_CERT_FILE',
] as const;

/** Would lead to another store of authorities, or switch the check off. */
const removed = [
  'SSL_CERT_DIR',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_SYSTEM_CA',
];

/** The variables by which programs find the proxy and trust it, and those that would mislead them (`null`). */
export function clientVariables({ proxy, authority }: Door): ReadonlyMap<string, string | null> {
  return new Map<string, string | null>([
    ...removed.map((name) => [name, null] as const),
    ...Object.entries(proxyVariables).map(([name, value]) => [name, value === 'proxy' ? proxy : value] as const),
    ...authorityVariables.map((name) => [name, authority] as const),
  ]);
}
