import type { Digest, NotificationEvent } from './notification-event.ts';

type Of<Type extends NotificationEvent['type']> = Extract<NotificationEvent, { readonly type: Type }>;

/** One sentence for a person, which says what to do; of a digest one a line. */
export function describeNotification(event: NotificationEvent | Digest): string {
  if (event.type !== 'digest') return describeOne(event);
  const { events } = event;
  return [`${String(events.length)} messages:`, ...events.map((one) => `- ${describeOne(one)}`)].join('\n');
}

function describeOne(event: NotificationEvent): string {
  switch (event.type) {
    case 'rotation.needs-attention':
      return stopped(event);
    case 'secret.needs-attention':
      return `${event.secret} needs a person: ${event.code}. Correct the cause; Keyturn looks again by itself.`;
    case 'secret.ends':
      return ends(event);
    case 'secret.overdue':
      return overdue(event);
    case 'sealing-key.ends':
      return sealingKeyEnds(event);
    case 'rotation.awaits-approval':
      return awaitsApproval(event);
    case 'rotation.awaits-go':
      return awaitsGo(event);
    case 'rotation.prevented':
      return `Something prevents the rotation of ${event.subject}: ${event.code}. Run keyturn doctor to see what to do.`;
    case 'access.awaits-approval':
      return `A job of ${event.repository} waits for a person to approve that it gets ${event.secret}. Neither the author of the commit nor the one who started the run can.`;
    case 'access.second-key':
      return `A second key was shown to the broker for a running job of ${event.repository}, and its session has ended. The next report lists what it was given; find out who has the job's token, and replace what was given.`;
    case 'policy.refused':
      return describeRefusedPolicy(event);
    case 'work.failed':
      return `Keyturn could not ${event.work}: ${event.code}. It tries again; run keyturn doctor to see what to do.`;
    case 'source.unreachable':
      return `Keyturn could not ${event.work}, because ${sources[event.source]} did not answer as it should: ${event.code}. It tries again; run keyturn doctor to see what to do.`;
    case 'value.dead':
      return `The value in force of ${event.secret} does not work: ${event.code}. Jobs that use it fail; set or rotate it now.`;
    case 'read.suspicious':
      return `Somebody must explain what happened to ${event.subject}: ${event.rule}, ${event.at}. Run keyturn findings to see its rows.`;
    case 'log.gap':
      return `The log has a gap from ${event.hour} on: ${event.code}. Run keyturn doctor, before the workspace deletes its rows.`;
    case 'report.missed':
      return `The report from ${event.from} to ${event.to} is due and was not made. Run keyturn report to see why.`;
    case 'report.ready':
      return reportReady(event);
    case 'matter.over':
      return `${event.about} needs nobody any more.`;
  }
}

function describeRefusedPolicy({ faults, inForce }: Of<'policy.refused'>): string {
  const mistakes = faults === 1 ? 'a mistake' : `${String(faults)} mistakes`;
  return `The policy file has ${mistakes}, so the policy of digest ${inForce.slice(0, 12)} stays in force. Run keyturn policy check; the log names each place.`;
}

const sources = {
  gitea: 'Gitea',
  log: 'the log',
  vault: 'a vault',
  identity: 'the identity provider of Azure',
} as const;

function stopped(event: Of<'rotation.needs-attention'>): string {
  const why = event.failure === null ? '' : ` Its last failure is ${event.failure}.`;
  return `The rotation of ${event.secret} needs a person.${why} Correct the cause and ask for the rotation again.`;
}

function ends(event: Of<'secret.ends'>): string {
  const owner = event.owner === null ? '' : ` (${event.owner})`;
  const when = `${event.left === null ? 'ended' : 'ends'} on ${event.endsAt.slice(0, 10)}`;
  return `${event.secret}${owner} ${when}, and no issuer replaces it. Make a new one at its provider and set it in the vault.`;
}

function sealingKeyEnds({ fingerprint, endsAt, left }: Of<'sealing-key.ends'>): string {
  const when = `${left === null ? 'ended' : 'ends'} on ${endsAt.slice(0, 10)}`;
  return `The key that seals packs ${when}, and nothing but a person replaces it. Its fingerprint is ${fingerprint}. Make a new key, keep the old one's fingerprint, and give the new one to your auditors by another way than the packs.`;
}

function overdue({ secret, endsAt, left }: Of<'secret.overdue'>): string {
  const when = `${left === null ? 'ended' : 'ends'} ${endsAt.slice(0, 16).replace('T', ' at ')} UTC`;
  return `${secret} is overdue: its version ${when}, and it was not rotated. Run keyturn show ${secret} to see what its rotation waits for.`;
}

function awaitsApproval(event: Of<'rotation.awaits-approval'>): string {
  const what = event.step === 'publish' ? 'publish the new value' : 'revoke the old credential';
  const lapses = event.step === 'publish' ? ' The question lapses seven days after it was asked.' : '';
  const soon = event.reminder ? ` It has waited for five days.${lapses}` : '';
  return `The rotation of ${event.secret} waits for a second person to approve that it may ${what}.${soon}`;
}

function awaitsGo(event: Of<'rotation.awaits-go'>): string {
  const again = event.reminder === 0 ? '' : ' Its expiry comes nearer.';
  return `The first rotation of ${event.secret} waits for a go.${again} Give it on the page of rotations, or run keyturn rotate ${event.secret} --go.`;
}

function reportReady(event: Of<'report.ready'>): string {
  const { report, period, status, fingerprint, statement } = event;
  return `The ${status} report of ${period} is ready: ${report}. The key that sealed it has the fingerprint ${fingerprint}; its statement has the sha256 ${statement}. Check a copy with keyturn verify and --trust.`;
}
