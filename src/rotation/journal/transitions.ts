import type { JournalAct, JournalEntry, JournalFacts } from './journal-entry.ts';

/** The life of one credential. `idle`: nothing serves it, and it may still work at the provider. */
export const lives = {
  intended: 'An attempt is named for it. The provider may not have heard of it.',
  made: 'The provider has it.',
  verified: 'It worked when it was tried, and nobody has been given it.',
  serving: 'A newest version holds it.',
  idle: 'No newest version holds it. It ends when nothing speaks for its use.',
  ending: 'The provider was asked to end it.',
  ended: 'It has ended, and the journal says what that was shown by.',
} as const;

export type Life = keyof typeof lives;

interface Row {
  /** What the entry's credential may be; `absent` when no entry has named it. Left out where the entry names none. */
  readonly from?: readonly (Life | 'absent')[];
  /** What it is afterwards; left out where it stays. `serving` and `idle` also follow from which version is the newest. */
  readonly to?: Life;
  readonly needs: readonly (keyof JournalFacts)[];
}

/**
 * Every entry that a journal may have, by act and kind, with the life of the credential that it names. Checked when an entry
 * is appended and again when it is read, and rendered into docs/rotation.md. An outcome that tells a failure changes no life.
 */
export const transitions: Readonly<Record<JournalAct, Partial<Record<JournalEntry['kind'], Row>>>> = {
  begin: { note: { from: ['absent'], to: 'intended', needs: ['claim', 'bindings', 'credential'] } },
  stage: {
    intent: { from: ['intended', 'made'], needs: ['credential', 'sendBefore', 'notAfter'] },
    outcome: { from: ['intended', 'made'], needs: ['credential'] },
  },
  issue: {
    intent: { from: ['intended', 'made', 'verified'], needs: ['credential', 'sendBefore', 'notAfter'] },
    outcome: { from: ['intended', 'made', 'verified'], to: 'made', needs: ['credential', 'of'] },
  },
  verify: { outcome: { from: ['made', 'verified'], to: 'verified', needs: ['credential'] } },
  publish: {
    intent: {
      from: ['intended', 'verified', 'serving', 'idle'],
      needs: ['credential', 'member', 'sendBefore', 'notAfter'],
    },
    outcome: { from: ['intended', 'verified', 'serving', 'idle'], needs: ['credential', 'member', 'of'] },
  },
  replicate: {
    intent: { from: ['serving'], needs: ['credential', 'member', 'place', 'sendBefore', 'notAfter'] },
    outcome: { from: ['serving', 'idle'], needs: ['credential', 'member', 'place', 'of'] },
  },
  repair: {
    intent: { from: ['serving', 'idle', 'ending', 'ended'], needs: ['credential', 'sendBefore', 'notAfter'] },
    outcome: { from: ['serving', 'idle', 'ending', 'ended'], to: 'idle', needs: ['credential', 'of'] },
  },
  end: {
    intent: { from: ['serving', 'idle', 'ending'], to: 'ending', needs: ['credential', 'sendBefore', 'notAfter'] },
    outcome: { from: ['ending', 'idle'], to: 'ended', needs: ['credential'] },
  },
  disable: {
    intent: { needs: ['member', 'version', 'sendBefore', 'notAfter'] },
    outcome: { needs: ['member', 'version', 'of'] },
  },
  identify: { note: { needs: ['found'] } },
  desire: { note: { from: ['serving', 'idle'], needs: ['credential', 'why'] } },
  lose: { note: { from: ['intended', 'made', 'verified'], to: 'idle', needs: ['credential', 'why'] } },
  close: { note: { needs: ['rotationId', 'result'] } },
  ask: { note: { needs: ['question', 'credential'] } },
  approve: { note: { needs: ['approval', 'credential'] } },
  decline: { note: { needs: ['question', 'credential', 'by', 'text'] } },
  go: { note: { needs: ['by'] } },
  request: { note: { needs: ['by'] } },
  wait: { note: { needs: ['about'] } },
  call: { note: { needs: ['code', 'about'] } },
  retire: { note: { needs: ['by', 'bindings'] } },
  rebuild: { note: { needs: ['found', 'bindings'] } },
};
