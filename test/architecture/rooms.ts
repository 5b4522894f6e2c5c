/**
 * Who may import whom: docs/decisions.md, "The house". A door is a room, a folder in it, or a file, written as a path
 * below `src/`; it admits to all that lies below it. A room's own files are open to it, within the limits of `inside`.
 */

/** What everybody may stand on. */
const ground = ['secrets', 'provenance', 'records', 'faults', 'service-error.ts', 'log/logger.ts', 'log/trace.ts'];
/** What a feature publishes for other features. */
const published = ['rotation/history', 'audit/model', 'audit/criteria', 'broker/history', 'grants/history'];
/** The ports that adapters implement, with the words that they are made of. */
const rotationPorts = ['rotation/ports'];
const brokerPorts = ['broker/ports'];
const evidencePorts = ['evidence/pack/signer.ts', 'evidence/pack/dsse-envelope.ts'];
const logPorts = [
  'audit/collection/retrieval-log.ts',
  'audit/collection/canary-reader.ts',
  'audit/posture/posture-source.ts',
];

const features = ['rotation', 'audit', 'evidence', 'broker', 'grants', 'retention'];
const adapters = ['azure', 'gitea', 'files', 'issuers'];
const wiring = [
  'command-line/read-operator-file.ts',
  ...ground,
  ...features,
  ...adapters,
  'web',
  'settings.ts',
  'settings',
  'keyturn.ts',
  'log',
  'notify',
  'telemetry',
  'upstream',
];

/** What each room may import, beside itself and packages. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  faults: [],
  'service-error.ts': ['faults'],
  secrets: ['service-error.ts', 'faults'],
  provenance: ['service-error.ts', 'faults', 'secrets'],
  records: ['service-error.ts', 'faults', 'provenance'],
  rotation: ground,
  broker: ground,
  grants: ground,
  retention: ground,
  audit: [...ground, 'rotation/history', 'broker/history', 'grants/history', 'retention/history'],
  evidence: [...ground, ...published, 'retention/history'],
  gitea: [...ground, ...published, ...brokerPorts, 'audit/collection/job-feed.ts'],
  azure: [
    ...ground,
    ...published,
    ...rotationPorts,
    ...brokerPorts,
    ...logPorts,
    ...evidencePorts,
    'settings.ts',
    'settings',
  ],
  // A file of rows is read as the audit reads rows: by the audit's own parsers.
  files: [...ground, ...published, ...logPorts, ...evidencePorts, 'audit/files', 'audit/parsing'],
  issuers: [...ground, ...rotationPorts, 'rotation/history', 'azure', 'gitea'],
  'command-line': [],
  // Tools for agents over one protocol, of the service and of the helper.
  mcp: ['service-error.ts', 'faults'],
  upstream: [...ground, ...brokerPorts],
  log: ['service-error.ts', 'faults', 'command-line/harmless-line.ts'],
  notify: [...ground, 'gitea', 'settings/address.ts'],
  telemetry: ['service-error.ts', 'faults', 'log/trace.ts'],
  runner: ['command-line', 'mcp', 'secrets', 'provenance', 'service-error.ts', 'faults'],
  // One room: `settings.ts` says what there is, `settings/` reads it.
  settings: ['log/logger.ts', 'service-error.ts', 'faults', 'secrets', 'settings.ts', 'retention/retention-kinds.ts'],
  'settings.ts': ['secrets', 'log/logger.ts', 'retention/retention-kinds.ts'],
  'keyturn.ts': ['settings.ts'],
  web: [
    ...ground,
    'rotation/history',
    'audit/model',
    'grants/history',
    'retention/history',
    'retention/retention-kinds.ts',
    'keyturn.ts',
    'settings.ts',
    'settings',
    'telemetry/prometheus-text.ts',
  ],
  // Answers are searched for values by the redaction of the fetch helper.
  composition: [...wiring, 'runner/redaction'],
  // It runs in a browser: what it borrows needs nothing of Node.
  'verify-page': [
    'provenance/canonical-json.ts',
    'command-line/harmless-line.ts',
    'records/newer-version.ts',
    'evidence/pack/pack-statement.ts',
    'evidence/verify/verification.ts',
    'evidence/verify/verify-chain.ts',
    'evidence/verify/parse-fingerprint.ts',
  ],
  'compose.ts': [...wiring, 'composition'],
};

/** The programs themselves: they may import everything. */
export const hosts = ['server.ts', 'cli.ts', 'commands'];

/**
 * Which parts of a room each of its sub-rooms may import; a sub-room without a line may import no other part. Files at
 * the room's top are its entry and its ground: they may import what they need, and a cycle refuses the wrong of it.
 */
export const inside: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'src/audit': {
    parsing: ['model'],
    criteria: ['model'],
    collection: ['model'],
    posture: ['model', 'criteria', 'collection', 'period'],
    attribution: ['model', 'parsing', 'collection'],
    period: ['model', 'parsing', 'collection'],
    findings: ['model', 'criteria', 'parsing', 'collection', 'attribution', 'period', 'posture'],
    shares: ['model', 'parsing', 'files', 'collection', 'attribution', 'findings', 'period', 'join'],
    files: ['model', 'parsing', 'collection', 'attribution'],
    join: ['model', 'parsing', 'collection', 'attribution', 'files'],
  },
  'src/audit/attribution': {
    rules: ['broker-index.ts', 'address-match.ts', 'job-index.ts', 'receipt-index.ts', 'rotation-index.ts'],
  },
  'src/broker': {
    history: ['journal'],
    ports: ['journal'],
    use: ['journal', 'ports', 'broker-tools.ts', 'decide.ts', 'in-turn.ts', 'judge-request.ts', 'read-stamped.ts'],
  },
  'src/evidence': {
    report: ['tests', 'period'],
    charts: ['report'],
    render: ['report', 'charts'],
    pack: ['report', 'tests'],
    verify: ['pack'],
  },
  'src/issuers': {
    azure: ['shared'],
    databases: ['shared'],
    rabbitmq: ['shared', 'databases'],
    gitea: ['shared'],
    webhook: ['shared'],
    local: ['shared', 'gitea'],
  },
  'src/runner': {
    http: [],
    configuration: ['http-exchange.ts'],
    receipts: ['configuration', 'helper-version.ts', 'http-exchange.ts', 'job-context.ts', 'write-all-sync.ts'],
    identity: ['configuration', 'http-exchange.ts', 'job-context.ts', 'runtime.ts'],
    reading: ['configuration', 'identity', 'receipts', 'http-exchange.ts', 'job-context.ts', 'runtime.ts'],
    broker: ['configuration', 'delivery', 'reading', 'receipts', 'http-exchange.ts', 'job-context.ts', 'runtime.ts'],
    use: ['broker', 'configuration', 'delivery', 'redaction', 'http-exchange.ts'],
    delivery: ['configuration', 'reading', 'redaction', 'http-exchange.ts', 'write-all-sync.ts'],
    doctor: [
      'broker',
      'configuration',
      'delivery',
      'identity',
      'reading',
      'receipts',
      'redaction',
      'use',
      'command-rows.ts',
      'helper-version.ts',
      'http-exchange.ts',
      'job-context.ts',
      'runtime.ts',
    ],
    commands: [
      'configuration',
      'delivery',
      'reading',
      'redaction',
      'identity',
      'use',
      'command-rows.ts',
      'exit-codes.ts',
      'helper-version.ts',
      'http-exchange.ts',
      'session.ts',
      'runtime.ts',
      'write-all-sync.ts',
    ],
    action: [
      'broker',
      'configuration',
      'delivery',
      'exit-codes.ts',
      'job-context.ts',
      'message-of.ts',
      'run-call.ts',
      'runtime.ts',
    ],
  },
  'src/web': {
    portal: [
      'read-body.ts',
      'own-origin.ts',
      'local-path.ts',
      'portal-ports.ts',
      'web-ports.ts',
      'caller.ts',
      'tokens',
    ],
    interface: ['portal', 'broker', 'tokens', 'caller.ts', 'portal-ports.ts', 'web-ports.ts'],
    hooks: ['read-body.ts', 'web-ports.ts', 'caller.ts'],
    broker: ['read-body.ts'],
    'sign-in': ['own-origin.ts', 'local-path.ts', 'caller.ts', 'portal'],
  },
  'src/composition': {
    doctor: ['composition.ts', 'policy'],
    readiness: ['composition.ts'],
    portal: ['composition.ts', 'report-period.ts', 'doctor'],
  },
  embedded: {
    azure: ['clock.ts', 'loopback-certificate.ts', 'loopback-server.ts'],
    gitea: ['clock.ts', 'loopback-server.ts'],
    openid: ['clock.ts', 'loopback-server.ts'],
  },
  'embedded/azure': {
    identity: ['azure-ids.ts'],
    'audit-log': ['azure-ids.ts', 'identity'],
    authorisation: ['azure-ids.ts', 'identity'],
    vault: ['azure-ids.ts', 'identity', 'audit-log', 'authorisation'],
    'resource-manager': ['azure-ids.ts', 'identity', 'authorisation', 'vault'],
    graph: ['identity'],
    'event-grid': ['audit-log', 'vault'],
    'log-analytics': ['azure-ids.ts', 'identity', 'audit-log', 'kusto'],
  },
  'embedded/gitea': {
    shapes: ['server'],
    webhooks: ['server', 'shapes'],
    runner: ['embedded-gitea.ts', 'server', 'shapes'],
    routes: ['server', 'shapes', 'runner'],
  },
};
