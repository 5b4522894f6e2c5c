import { useHeaders } from '../../provenance/use-exchange.ts';
import { type RouteDescription, route } from './route-description.ts';

const id = { name: 'id', says: 'The id, as the list shows it.' } as const;
const secretName = [
  { name: 'vault', says: 'The short name of the vault.' },
  { name: 'name', says: 'The name of the secret.' },
] as const;

/** Every route, in the order of docs/automation.md: what it does, what it takes and what it answers. Who may ask is in the table of the portal's pages. */
export const routeTable: readonly RouteDescription[] = [
  route('GET', '/healthz', 'Says that the process runs.', { proof: 'probe', answers: { 200: 'text/plain' } }),
  route('GET', '/readyz', 'Says whether the process can work: 503 if not.', {
    proof: 'probe',
    answers: { 200: 'text/plain', 503: 'text/plain' },
  }),
  route('GET', '/readyz/details', 'Says what the process needs and how each is.', {
    proof: { role: 'auditor', scope: 'read' },
    answers: { 200: 'Readiness' },
  }),
  route('GET', '/metrics', 'The figures for Prometheus.', {
    proof: { role: 'operator', scope: 'metrics' },
    answers: { 200: 'text/plain' },
  }),
  route('GET', '/openapi.json', 'This document.', {
    proof: { role: 'auditor', scope: 'any' },
    answers: { 200: 'OpenApi' },
  }),
  route('GET', '/', 'What needs a person, what comes next, and how each source of evidence is.', {
    proof: 'page',
    answers: { 200: 'Overview' },
  }),
  route('GET', '/secrets', 'Every secret, without any value.', {
    proof: 'page',
    query: {
      q: 'Part of the name, the owner or the issuer.',
      bound: 'How the policy treats it.',
      environment: 'Its environment; none for those without.',
      owner: 'Its owner; none for those without.',
      health: 'How it is.',
      due: 'Due within so many days, or overdue.',
      rotated: 'Not rotated for so many days.',
      read: 'Not read for so many days, or never.',
      sort: 'due, rotated, read or health; by name otherwise.',
    },
    answers: { 200: 'SecretList' },
  }),
  route('GET', '/secrets/{vault}/{name}', 'What is known of one secret but its value.', {
    proof: 'page',
    parameters: secretName,
    answers: { 200: 'SecretDetail' },
  }),
  route('GET', '/secrets/{vault}/{name}/plan', 'What a request for a rotation would do. Changes nothing.', {
    proof: 'page',
    parameters: secretName,
    answers: { 200: 'Plan', 409: 'Fault' },
  }),
  route('GET', '/rotations', 'Every rotation; what waits for a person comes first.', {
    proof: 'page',
    answers: { 200: 'RotationList' },
  }),
  route(
    'POST',
    '/rotations',
    'Asks for a rotation, approves or declines a step, lets a first rotation go, or rolls one back. A token may ask and roll back alone.',
    {
      proof: 'page',
      body: 'RotationCommand',
      answers: { 202: 'RotationAnswer', 303: 'to a form', 400: 'Fault', 409: 'Fault', 413: 'Fault', 422: 'Fault' },
    },
  ),
  route('GET', '/access', 'Every request of a job for a secret that a person must approve.', {
    proof: 'page',
    answers: { 200: 'AccessRequestList' },
  }),
  route('POST', '/access', 'Approves or declines such a request.', {
    proof: 'page',
    body: 'AccessWord',
    answers: { 202: 'AccessAnswer', 303: 'to a form', 400: 'Fault', 413: 'Fault' },
  }),
  route('GET', '/reads', 'Who read what, in a span of days.', {
    proof: 'page',
    query: {
      from: 'The first day, such as 2026-03-01.',
      to: 'The last day.',
      secret: 'Part of the name, or vault/name.',
      job: 'owner/name, a run or a job.',
      person: 'Part of the name of a person; any for all.',
      grade: 'The grade of the read.',
    },
    answers: { 200: 'ReadList', 400: 'Fault' },
  }),
  route('GET', '/job-log', 'The log of a job of the embedded cloud; beside a real Gitea it does not exist.', {
    proof: 'page',
    query: { job: 'owner/name run/job.attempt.' },
    answers: { 200: 'JobLog', 404: 'Fault' },
  }),
  route('GET', '/setup', 'What keyturn doctor finds.', { proof: 'page', answers: { 200: 'Setup' } }),
  route('GET', '/retention', 'How long records are kept, what was deleted, and what is held.', {
    proof: 'page',
    answers: { 200: 'Retention' },
  }),
  route('GET', '/findings', 'Every finding of the last ninety days, with its life.', {
    proof: 'page',
    query: {
      q: 'Part of its id, subject, description or owner.',
      state: 'open, accepted, fixed or recurred.',
      severity: 'high, medium, low or information.',
      rule: 'The rule that made it.',
    },
    answers: { 200: 'FindingList' },
  }),
  route('GET', '/findings/{id}', 'One finding.', {
    proof: 'page',
    parameters: [id],
    answers: { 200: 'Finding' },
  }),
  route('POST', '/findings/{id}', 'Records a decision of a person about a finding.', {
    proof: 'page',
    parameters: [id],
    body: 'FindingDecision',
    answers: { 202: 'FindingAnswer', 303: 'to a form', 400: 'Fault', 409: 'Fault', 413: 'Fault' },
  }),
  route('GET', '/reports', 'Every pack of the archive, the newest period first.', {
    proof: 'page',
    answers: { 200: 'PackList' },
  }),
  route('GET', '/reports/{id}', 'One pack and its files.', {
    proof: 'page',
    parameters: [id],
    answers: { 200: 'PackDetail' },
  }),
  route('GET', '/reports/{id}/difference', 'How its findings and controls differ from the pack before.', {
    proof: 'page',
    parameters: [id],
    answers: { 200: 'Difference' },
  }),
  route('POST', '/reports/{id}/check', 'Checks every byte of a pack. Changes nothing.', {
    proof: 'page',
    parameters: [id],
    answers: { 200: 'PackCheck' },
  }),
  route('GET', '/reports/{id}/{file}', 'One file of a pack, or pack.zip for all; the download is recorded first.', {
    proof: 'page',
    parameters: [id, { name: 'file', says: 'Its path in the pack, which may contain slashes.' }],
    query: { download: 'As an attachment, whatever its kind.' },
    answers: { 200: 'any' },
  }),
  route('GET', '/sign-in', 'Signs a person in by a link that works once, or leads to the identity provider.', {
    proof: 'none',
    query: { code: 'The code of a link.', to: 'A path of the portal to go back to.' },
    answers: { 303: 'to a page', 503: 'Fault' },
  }),
  route('GET', '/sign-in/callback', 'Takes the answer of the identity provider.', {
    proof: 'none',
    query: { code: 'The code of the provider.', state: 'The state that the sign-in began with.' },
    answers: { 200: 'text/html', 303: 'to a page', 503: 'Fault' },
  }),
  route('POST', '/sign-out', 'Ends a session at every instance.', {
    proof: 'none',
    answers: { 200: 'text/html', 303: 'to a page' },
  }),
  route('POST', '/events/key-vault', 'Takes events of Event Grid, self-hosted. Each is a hint.', {
    proof: 'eventGrid',
    body: 'VaultEvents',
    answers: {
      200: ['EventOutcomes', 'Validation'],
      400: 'Fault',

      413: 'Fault',
      503: 'Fault',
    },
  }),
  route('OPTIONS', '/events/key-vault', 'Lets Event Grid deliver here.', {
    proof: 'none',
    answers: { 200: 'empty', 403: 'empty' },
  }),
  route('POST', '/events/gitea', "Takes deliveries of Gitea's webhook. Each only makes Keyturn ask Gitea.", {
    proof: 'giteaSignature',
    body: 'GiteaDelivery',
    answers: { 202: 'empty', 204: 'empty', 400: 'Fault', 413: 'Fault' },
  }),
  route('POST', '/receipts', 'Takes receipts of a running job.', {
    proof: 'runtimeToken',
    body: 'Receipts',
    answers: {
      202: 'ReceiptsAccepted',
      400: 'Fault',

      413: 'Fault',
      503: 'Fault',
    },
  }),
  route('POST', '/broker/sessions', 'Binds a key to the running job of a runtime token.', {
    proof: 'runtimeTokenAndKey',
    body: 'SessionRequest',
    answers: {
      200: 'Session',
      400: 'BrokerFault',
      401: ['BrokerFault', 'Fault'],
      404: ['BrokerFault', 'Fault'],
      409: 'BrokerFault',
      413: 'BrokerFault',
      503: 'BrokerFault',
    },
  }),
  route('POST', '/broker/reads', 'One value for the job of a session, or whether its read is approved now.', {
    proof: 'key',
    body: 'ReadRequest',
    answers: {
      200: 'BrokerValue',
      400: 'BrokerFault',
      401: ['BrokerFault', 'Fault'],
      403: ['BrokerFault', 'Fault'],
      404: ['BrokerFault', 'Fault'],
      409: 'BrokerFault',
      413: 'BrokerFault',
      503: 'BrokerFault',
    },
  }),
  route('POST', '/broker/uses/placeholders', 'What a command gets in the place of values that it may only use.', {
    proof: 'key',
    body: 'PlaceholderRequest',
    answers: {
      200: 'Placeholders',
      400: 'BrokerFault',
      401: ['BrokerFault', 'Fault'],
      403: ['BrokerFault', 'Fault'],
      404: ['BrokerFault', 'Fault'],
      413: 'BrokerFault',
      503: 'BrokerFault',
    },
  }),
  route(
    'POST',
    '/broker/uses',
    "Makes one request in the job's place: 200 with the upstream's answer, whatever it is.",
    {
      proof: 'key',
      headers: {
        [useHeaders.session]: 'The session.',
        [useHeaders.request]: 'The request to make: JSON in base64url with method, url, headers and length.',
      },
      body: 'bytes',
      answers: {
        200: 'any',
        400: 'BrokerFault',
        401: ['BrokerFault', 'Fault'],
        403: ['BrokerFault', 'Fault'],
        404: ['BrokerFault', 'Fault'],
        409: 'BrokerFault',
        502: 'BrokerFault',
        503: 'BrokerFault',
      },
    },
  ),
];
