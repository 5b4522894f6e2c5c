import type { NotificationEvent } from './notification-event.ts';

/** What people must know of one kind of message. */
interface EventRow {
  /** When it is sent, for docs/operations.md. */
  readonly when: string;
  /** What to do then. */
  readonly act: string;
}

/** Every kind of message. docs/operations.md shows it. */
export const eventTable: Readonly<Record<NotificationEvent['type'], EventRow>> = {
  'rotation.needs-attention': {
    when: 'a rotation stopped at something that trying again does not help',
    act: 'Read its code in [troubleshooting](troubleshooting.md), correct the cause, and ask for the rotation again: `keyturn rotate NAME`. The value in force stays in use.',
  },
  'secret.needs-attention': {
    when: 'something is wrong about a secret while no rotation of it is: it left the policy, or a person set its value',
    act: 'Read the code, correct the cause. Keyturn looks again by itself.',
  },
  'secret.ends': {
    when: 'a secret that no issuer replaces ends: by default 30, 14, 7 and 1 days before, and once it has ended',
    act: 'Make a new value at its provider, set it in the vault, then end the old one.',
  },
  'rotation.awaits-approval': {
    when: 'a rotation waits for a second person; once more after five days',
    act: 'A second person opens the page of rotations and approves, or lets it lapse after seven days.',
  },
  'rotation.awaits-go': {
    when: "a secret's first rotation waits for a person; again as its expiry comes nearer",
    act: 'Check issuer and target, then `keyturn rotate NAME --go`.',
  },
  'rotation.prevented': {
    when: 'a binding, a tag or a vault prevents rotations; once a day while it lasts',
    act: 'Run `keyturn doctor`: it names the cause and the command.',
  },
  'access.awaits-approval': {
    when: 'a job waits until a person approves that it gets a secret (not as an issue)',
    act: 'A person who neither wrote the commit nor started the run opens the page of access requests and approves or refuses.',
  },
  'access.second-key': {
    when: 'a second key was shown to the broker for a running job, whose session then ended',
    act: "Find out who has the job's token; replace what its session was given. Close the issue yourself.",
  },
  'work.failed': {
    when: 'scheduled work failed; once a day while it lasts',
    act: 'Run `keyturn doctor`. Rows that are not collected within 30 days are lost to the workspace.',
  },
  'policy.refused': {
    when: 'the policy file has mistakes or cannot be read, once for each change (not as an issue)',
    act: 'Run `keyturn policy check FILE` and correct each place. The policy before it stays in force until then.',
  },
  'report.ready': {
    when: 'a report or an amendment was sealed',
    act: 'The auditor downloads it and runs `keyturn verify` with the fingerprint of this message, which came by another way than the pack.',
  },
  'matter.over': {
    when: 'what was told of needs nobody any more (webhook and Gitea alone)',
    act: 'Nothing.',
  },
};
