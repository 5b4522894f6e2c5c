import type { NotificationEvent } from './notification-event.ts';

/** One sentence for a person, which says what to do. */
export function describeNotification(event: NotificationEvent): string {
  switch (event.type) {
    case 'rotation.needs-attention': {
      const why = event.failure === null ? '' : ` Its last failure is ${event.failure}.`;
      return `The rotation of ${event.secret} needs a person.${why} Correct the cause and ask for the rotation again.`;
    }
    case 'secret.needs-attention':
      return `${event.secret} needs a person: ${event.code}. Correct the cause; Keyturn looks again by itself.`;
    case 'secret.ends':
      return describeEnd(event);
    case 'rotation.awaits-approval': {
      const what = event.step === 'publish' ? 'publish the new value' : 'revoke the old credential';
      const lapses = event.step === 'publish' ? ' The question lapses seven days after it was asked.' : '';
      const soon = event.reminder ? ` It has waited for five days.${lapses}` : '';
      return `The rotation of ${event.secret} waits for a second person to approve that it may ${what}.${soon}`;
    }
    case 'rotation.awaits-go': {
      const again = event.reminder === 0 ? '' : ' Its expiry comes nearer.';
      return `The first rotation of ${event.secret} waits for a go.${again} Give it on the page of rotations, or run keyturn rotate ${event.secret} --go.`;
    }
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
    case 'report.ready': {
      const { report, period, status, fingerprint, statement } = event;
      return `The ${status} report of ${period} is ready: ${report}. The key that sealed it has the fingerprint ${fingerprint}; its statement has the sha256 ${statement}. Check a copy with keyturn verify and --trust.`;
    }
    case 'matter.over':
      return `${event.about} needs nobody any more.`;
  }
}

function describeRefusedPolicy({ faults, inForce }: Extract<NotificationEvent, { type: 'policy.refused' }>): string {
  const mistakes = faults === 1 ? 'a mistake' : `${String(faults)} mistakes`;
  return `The policy file has ${mistakes}, so the policy of digest ${inForce.slice(0, 12)} stays in force. Run keyturn policy check; the log names each place.`;
}

function describeEnd({ secret, owner, left, endsAt }: Extract<NotificationEvent, { type: 'secret.ends' }>): string {
  const whose = owner === null ? '' : ` (${owner})`;
  const when = `${left === null ? 'ended' : 'ends'} on ${endsAt.slice(0, 10)}`;
  return `${secret}${whose} ${when}, and no issuer replaces it. Make a new one at its provider and set it in the vault.`;
}
