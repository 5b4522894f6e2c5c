import { refusedTransition } from '../../src/rotation/journal/check-transition.ts';
import { fresh, withCredential } from '../../src/rotation/journal/change-credential.ts';
import { withEntry } from '../../src/rotation/journal/follow-entry.ts';
import type {
  JournalAct,
  JournalEntry,
  JournalFacts,
  RotationClaim,
} from '../../src/rotation/journal/journal-entry.ts';
import { emptyState } from '../../src/rotation/journal/target-state.ts';
import { type Life, lives } from '../../src/rotation/journal/transitions.ts';

/** Written down once more, away from the table: what a credential may be, what it becomes, which facts there must be. */
const expected = {
  'begin note': ['absent', 'intended', 'claim bindings credential'],
  'stage intent': ['intended made', '', 'credential sendBefore notAfter'],
  'stage outcome': ['intended made', '', 'credential'],
  'issue intent': ['intended made verified', '', 'credential sendBefore notAfter'],
  'issue outcome': ['intended made verified', 'made', 'credential of'],
  'verify outcome': ['made verified', 'verified', 'credential'],
  'publish intent': ['intended verified serving idle', '', 'credential member sendBefore notAfter'],
  'publish outcome': ['intended verified serving idle', '', 'credential member of'],
  'replicate intent': ['serving', '', 'credential member place sendBefore notAfter'],
  'replicate outcome': ['serving idle', '', 'credential member place of'],
  'repair intent': ['serving idle ending ended', '', 'credential sendBefore notAfter'],
  'repair outcome': ['serving idle ending ended', 'idle', 'credential of'],
  'end intent': ['serving idle ending', 'ending', 'credential sendBefore notAfter'],
  'end outcome': ['ending idle', 'ended', 'credential'],
  'disable intent': ['', '', 'member version sendBefore notAfter'],
  'disable outcome': ['', '', 'member version of'],
  'identify note': ['', '', 'found'],
  'desire note': ['serving idle', '', 'credential why'],
  'lose note': ['intended made verified', 'idle', 'credential why'],
  'close note': ['', '', 'rotationId result'],
  'ask note': ['', '', 'question credential'],
  'approve note': ['', '', 'approval credential'],
  'decline note': ['', '', 'question credential by text'],
  'go note': ['', '', 'by'],
  'request note': ['', '', 'by'],
  'wait note': ['', '', 'about'],
  'call note': ['', '', 'code about'],
  'retire note': ['', '', 'by bindings'],
  'rebuild note': ['', '', 'found bindings'],
} as const;

const key = 'aaaaaaaaaaaaaaaa.1';
const at = '2026-03-01T00:00:00.000Z';
const claim: RotationClaim = {
  rotationId: 'aaaaaaaaaaaaaaaa',
  trigger: 'reconciler',
  askedBy: null,
  emergency: false,
  issuer: 'minted',
  credentialClass: 'minted',
  validityMs: 1,
  graceMs: 1,
  consumersLifetimeMs: 0,
  from: [{ member: 'kv/app', version: null }],
};
const facts: JournalFacts = {
  claim,
  credential: key,
  found: [],
  member: 'kv/app',
  version: 'v',
  place: 0,
  of: 1,
  why: 'refused',
};
const others = {
  sendBefore: at,
  notAfter: at,
  rotationId: claim.rotationId,
  result: 'done',
  question: 'go',
  code: 'X',
};

/** Where the journal takes, refuses or becomes something else than is written above, in sentences. */
export function unexpectedTransitions(): readonly string[] {
  const names = Object.keys(expected) as (keyof typeof expected)[];
  return names.flatMap((name) => {
    const [act = '', kind = ''] = name.split(' ');
    const [from, to, needs] = expected[name];
    const entry = entryOf(act as JournalAct, kind as JournalEntry['kind']);
    const faults: string[] = [];
    for (const need of needs.split(' ')) {
      const { [need as 'of']: _left, ...rest } = entry.facts;
      const reason = refusedTransition(emptyState('t'), { ...entry, facts: rest });
      if (reason?.endsWith(`needs ${need}.`) !== true) faults.push(`${name} without ${need} is taken`);
    }
    if (from === '') return faults;
    for (const life of ['absent', ...Object.keys(lives)] as (Life | 'absent')[]) {
      const state = stateWith(life);
      const isRefused = refusedTransition(state, entry)?.startsWith('A credential that is') === true;
      if (isRefused === from.split(' ').includes(life)) faults.push(`${name} of what is ${life}`);
    }
    const [first = ''] = from.split(' ');
    const after = withEntry(stateWith(first as Life), entry, 'head').credentials.get(key)?.life;
    if (to !== '' && after !== to) faults.push(`${name} leads to ${String(after)}`);
    return faults;
  });
}

function entryOf(act: JournalAct, kind: JournalEntry['kind']): JournalEntry {
  const all = { ...facts, ...others, about: act, bindings: [{}], by: {}, approval: {} } as unknown as JournalFacts;
  return { format: 1, target: 't', number: 1, previous: null, writer: 'w', at, kind, act, facts: all, operations: [] };
}

function stateWith(life: Life | 'absent') {
  const state = emptyState('t');
  return life === 'absent' ? state : withCredential(state, { ...fresh(key, true), life });
}
