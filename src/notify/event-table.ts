import type { NotificationEvent } from './notification-event.ts';

/** What people must know of one kind of message. */
interface EventRow {
  /** When it is sent, for docs/operations.md. */
  readonly when: string;
  /** What to do then. */
  readonly act: string;
  /** Whether quiet hours and a digest hold it back: not what costs something each hour. */
  readonly urgent: boolean;
}

/** Every kind of message. docs/operations.md shows it. */
export const eventTable: Readonly<Record<NotificationEvent['type'], EventRow>> = {
  'rotation.needs-attention': {
    urgent: false,
    when: 'a rotation stopped at something that trying again does not help',
    act: 'Read its code in [troubleshooting](troubleshooting.md), correct the cause, and ask for the rotation again: `keyturn rotate NAME`. The value in force stays in use.',
  },
  'secret.needs-attention': {
    urgent: false,
    when: 'something is wrong about a secret while no rotation of it is: it left the policy, or a person set its value',
    act: 'Read the code, correct the cause. Keyturn looks again by itself.',
  },
  'secret.ends': {
    urgent: false,
    when: 'a secret that no issuer replaces ends: by default 30, 14, 7 and 1 days before, and once it has ended',
    act: 'Make a new value at its provider, set it in the vault, then end the old one.',
  },
  'secret.overdue': {
    urgent: false,
    when: 'a secret that an issuer replaces is not replaced in time, whatever holds its rotation: half and a quarter of the lead before its end (for a lead of 30 days 15 and 7.5 days), in its last day, and once it has ended',
    act: 'Run `keyturn show NAME`: it says what the rotation waits for.',
  },
  'sealing-key.ends': {
    urgent: false,
    when: 'the key that seals packs ends: 30, 14, 7 and 1 days before, and once it has ended',
    act: '[Replace it](self-hosting.md#replace-the-sealing-key), and give its new fingerprint to auditors.',
  },
  'rotation.awaits-approval': {
    urgent: false,
    when: 'a rotation waits for a second person; once more after five days',
    act: 'A second person opens the page of rotations and approves, or lets it lapse after seven days.',
  },
  'rotation.awaits-go': {
    urgent: false,
    when: "a secret's first rotation waits for a person; again as its expiry comes nearer",
    act: 'Check issuer and target, then `keyturn rotate NAME --go`.',
  },
  'rotation.prevented': {
    urgent: false,
    when: 'a binding, a tag or a vault prevents rotations; once a day while it lasts',
    act: 'Run `keyturn doctor`: it names the cause and the command.',
  },
  'access.awaits-approval': {
    urgent: true,
    when: 'a job waits until a person approves that it gets a secret (not as an issue)',
    act: 'A person who neither wrote the commit nor started the run opens the page of access requests and approves or refuses.',
  },
  'access.second-key': {
    urgent: true,
    when: 'a second key was shown to the broker for a running job, whose session then ended',
    act: "Find out who has the job's token; replace what its session was given. Close the issue yourself.",
  },
  'work.failed': {
    urgent: false,
    when: 'scheduled work failed; once a day while it lasts',
    act: 'Run `keyturn doctor`. Rows that are not collected within 30 days are lost to the workspace.',
  },
  'policy.refused': {
    urgent: false,
    when: 'the policy file has mistakes or cannot be read, once for each change (not as an issue)',
    act: 'Run `keyturn policy check FILE` and correct each place. The policy before it stays in force until then.',
  },
  'value.dead': {
    urgent: true,
    when: 'the value in force does not work any more, and Keyturn cannot repair it',
    act: 'Jobs fail now. Read the code, set or rotate the value: `keyturn rotate NAME`.',
  },
  'read.suspicious': {
    urgent: true,
    when: 'a read or a write of yesterday that somebody must explain: a forged stamp, an unexplained read in the name of Keyturn, a stranger, a read of a pending value, a burst of refusals',
    act: 'Run `keyturn findings`, look at the rows it names, rotate what was read. Close the issue yourself.',
  },
  'log.gap': {
    urgent: false,
    when: 'log rows of some hours could not be read, or an hour has no row; once a day while it lasts',
    act: 'Run `keyturn doctor`; check the diagnostic settings of the vaults. What the workspace deletes before it is read is lost.',
  },
  'report.missed': {
    urgent: false,
    when: 'a report is due for more than a day; once a day while it lasts',
    act: 'Read the log of `produce reports`; run `keyturn report` for that period.',
  },
  'source.unreachable': {
    urgent: false,
    when: 'Gitea, the log, a vault or the identity did not answer scheduled work; once a day while it lasts',
    act: 'Run `keyturn doctor`. Nothing is lost while the source keeps its data: Keyturn catches up.',
  },
  'report.ready': {
    urgent: false,
    when: 'a report or an amendment was sealed',
    act: 'The auditor downloads it and runs `keyturn verify` with the fingerprint of this message, which came by another way than the pack.',
  },
  'matter.over': {
    urgent: false,
    when: 'what was told of needs nobody any more (webhook and Gitea alone)',
    act: 'Nothing.',
  },
};
