import { html } from 'hono/html';
import { areTwoPersons, describePerson, type Person } from '../../provenance/person.ts';
import { sentenceOf } from '../../service-error.ts';
import { mark, moment, reasonField, secretAddress, table, words } from './design/parts.ts';
import type { ListedRotation, ListedRead } from '../portal-ports.ts';

/** What is known of the last read of a secret's value; `null`: the log has not been read. */
export type LastRead = (vault: string, secret: string) => ListedRead | null | undefined;

/** One rotation that waits for a person or stopped: who asked and why, what a word would do, who read the value last, and the forms. */
export function rotationCard(one: ListedRotation, operator: Person | null, lastRead: LastRead) {
  return html`<section class="card" id="${one.rotationId}" aria-label="${one.vault}/${one.secret}, rotation ${one.rotationId}"><h3><a href="${secretAddress(one.vault, one.secret)}">${one.vault}/${one.secret}</a> ${stateMark(one)}${one.emergency ? html` ${mark('emergency', 'alarm')}` : ''}</h3>
${one.failure === null ? '' : describeFailure(one.failure)}
<dl class="pairs"><dt>Began</dt><dd>${moment(one.claimedAt)}${one.askedBy === null ? ', by itself, because it was due' : ''}</dd>${one.awaits === null ? '' : html`<dt>Would</dt><dd>${wouldDo[one.awaits]}</dd>`}<dt>Published</dt><dd>${publishedText(one)}</dd><dt>Old value</dt><dd>${words(one.oldValue)}</dd><dt>Read last</dt><dd>${lastReadText(lastRead(one.vault, one.secret))}</dd><dt>Id</dt><dd><code>${one.rotationId}</code></dd></dl>
${details(one)}${forms(one, operator)}</section>`;
}

const wouldDo = {
  publish: 'publish the new value as the newest version; the old one stays usable for its grace',
  revoke: 'end the old credential, so that whoever still uses it fails',
  go: 'let the first rotation of this secret begin',
} as const satisfies Record<NonNullable<ListedRotation['awaits']>, string>;

function lastReadText(read: ListedRead | null | undefined): string {
  if (read === undefined) return 'not known yet: the log is being read';
  if (read === null) return 'by nobody in ninety days';
  const by = read.job ?? read.person ?? `identity ${read.identity ?? 'none'}`;
  return `${moment(read.at)} by ${by} (${read.grade})`;
}

/** The table of rotations: one row each, and a second row for details in sentences. `operator`: who may act, `null` for an auditor. */
export function rotationTable(rotations: readonly ListedRotation[], operator: Person | null) {
  return table(
    'Rotations',
    ['Secret', 'State', 'Began', 'Published', 'Old value', 'Id'],
    rotations.map((one) => row(one, operator)),
  );
}

function row(one: ListedRotation, operator: Person | null) {
  const told = describeRotation(one);
  const offered = canRollBack(one) || canBreakGlass(one);
  const more =
    told.length === 0 && !(offered && operator !== null)
      ? ''
      : html`<details><summary>Details</summary>${details(one)}${forms(one, operator)}</details>`;
  return html`<tr id="${one.rotationId}"><td class="name"><a href="${secretAddress(one.vault, one.secret)}">${one.secret}</a>${one.emergency ? html` ${mark('emergency', 'alarm')}` : ''}<br><span class="quiet small">${one.vault}</span>${more}</td><td>${stateMark(one)}${one.failure === null ? '' : describeFailure(one.failure)}</td><td class="time">${moment(one.claimedAt)}</td><td class="time">${publishedText(one)}</td><td>${words(one.oldValue)}</td><td><code>${one.rotationId}</code></td></tr>`;
}

const alarming = new Set<ListedRotation['state']>(['needs-attention', 'superseded']);

function stateMark({ state, awaits }: ListedRotation) {
  if (alarming.has(state)) return mark(words(state), 'alarm');
  if (awaits !== null) return mark(awaits === 'go' ? 'waits for a go' : words(state), 'warn');
  return mark(words(state), state === 'done' ? 'calm' : 'plain');
}

function details(one: ListedRotation) {
  const told = describeRotation(one);
  return told.length === 0 ? '' : html`<ul class="says">${told.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function forms(one: ListedRotation, operator: Person | null) {
  if (operator === null) return '';
  return html`${wordForm(one, operator)}${one.state === 'needs-attention' ? againForm(one) : ''}${canRollBack(one) ? rollBackForm(one) : ''}${canBreakGlass(one) ? breakGlassForm(one) : ''}`;
}

/** Where a person's word is waited for. */
function wordForm(one: ListedRotation, operator: Person) {
  if (one.awaits === null) return '';
  return html`${agreeForm(one, operator)}${declineForm(one, one.awaits)}`;
}

function agreeForm(one: ListedRotation, operator: Person) {
  if (one.awaits === 'go') return goForm(one);
  if (mayApprove(one, operator)) return approveForm(one);
  return html`<p>Waits for another person, who signs in, to approve: ${one.awaits}.</p>`;
}

/** A second person has signed in, and neither asked for the rotation nor asked again nor rolled it back. */
function mayApprove({ asks }: ListedRotation, operator: Person): boolean {
  return operator.kind === 'signed-in' && asks.every(({ by }) => areTwoPersons(by, operator));
}

/**
 * The details in sentences: who requested it and why, what it waits for, who approved, how it ended, and what to do
 * now.
 */
function describeRotation({
  askedBy,
  reason,
  asks,
  emergency,
  state,
  waitsFor,
  approvals,
  declines,
  note,
}: ListedRotation): readonly string[] {
  return [
    ...(askedBy === null
      ? []
      : [
          `Requested by ${describePerson(askedBy)}${emergency ? ', as an emergency' : ''}: ${reason ?? 'no reason is recorded'}`,
        ]),
    ...asks.slice(askedBy === null ? 0 : 1).map(({ what, by, at, reason: why }) => {
      return `${askTexts[what]} by ${describePerson(by)}, ${moment(at)}: ${why ?? 'no reason is recorded'}`;
    }),
    ...approvals.map(
      ({ step, by, at, breakGlass, reason: why }) =>
        `${breakGlass ? 'Break-glass: ' : ''}${step} approved by ${describePerson(by)}, ${moment(at)}: ${why ?? 'no reason is recorded'}`,
    ),
    ...declines.map(
      ({ step, by, at, reason: why }) => `${step} declined by ${describePerson(by)}, ${moment(at)}: ${why}`,
    ),
    ...(waitsFor.length === 0 ? [] : [`Blocks revocation: ${waitsFor.join('; ')}`]),
    ...(note === null ? [] : [note]),
    ...(state === 'needs-attention' ? ['To continue, correct the cause and request the rotation again.'] : []),
  ];
}

const askTexts = {
  request: 'Requested',
  'request-again': 'Requested again',
  'roll-back': 'Rolled back',
} as const satisfies Record<ListedRotation['asks'][number]['what'], string>;

/** Why a rotation has no time of publication: it may still be published, or never will be. */
const unpublished = {
  published: 'time not known',
  'not-yet': 'not yet',
  never: 'never',
} as const satisfies Record<ListedRotation['publication'], string>;

function publishedText({ publishedAt, publication }: ListedRotation): string {
  return publishedAt === null ? unpublished[publication] : moment(publishedAt);
}

/** The failure's message, and the code for the documentation. */
function describeFailure(code: string) {
  return html`<p class="small"><span class="text-alarm">${sentenceOf(code) ?? ''}</span> <code>${code}</code></p>`;
}

/** Until its revocation the old value still works and can be published again. */
function canRollBack({ publication, oldValue }: ListedRotation): boolean {
  return publication === 'published' && oldValue === 'in-grace';
}

function rollBackForm({ rotationId }: ListedRotation) {
  return html`<details><summary>Roll back</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="roll-back"><input type="hidden" name="rotationId" value="${rotationId}">${reasonField()}<button>Publish the old value again</button></form></details>`;
}

/** The requester may approve alone, and a grace may end at once; every report lists this as an exception. */
function canBreakGlass({ state, awaits }: ListedRotation): boolean {
  return (awaits !== null && awaits !== 'go') || state === 'grace';
}

function breakGlassForm({ rotationId, state, awaits }: ListedRotation) {
  const ends = state === 'rolled-back' ? 'what was rolled back' : 'the old credential';
  const does =
    awaits === 'publish'
      ? 'Publishes without a second person.'
      : `Revokes ${ends} now, even if it may still be in use, and without a second person.`;
  return html`<details><summary>Break glass</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="approve"><input type="hidden" name="breakGlass" value="on"><input type="hidden" name="rotationId" value="${rotationId}"><p>${does} Every report lists it as an exception.</p>${reasonField()}<button>Approve alone</button></form></details>`;
}

function goForm({ vault, secret }: ListedRotation) {
  return html`<form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="go"><input type="hidden" name="secret" value="${vault}/${secret}">${reasonField()}<button>Go</button></form>`;
}

function againForm({ vault, secret }: ListedRotation) {
  return html`<details><summary>Request it again</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="request"><input type="hidden" name="secret" value="${vault}/${secret}">${reasonField()}<div><button>Rotate</button></div></form></details>`;
}

const afterNo = {
  publish:
    'Nothing is published, what was made for it ends, and the value in force stays. It begins again only if a person requests it.',
  revoke: 'The old credential goes on working. The question is asked again after a week.',
  go: 'The rotation stops before anything is made. It begins again only if a person requests it.',
} as const satisfies Record<NonNullable<ListedRotation['awaits']>, string>;

/** A no needs no second person: those who asked may take it back. */
function declineForm({ rotationId }: ListedRotation, awaits: NonNullable<ListedRotation['awaits']>) {
  return html`<details><summary>Decline</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="decline"><input type="hidden" name="rotationId" value="${rotationId}"><p>${afterNo[awaits]}</p>${reasonField()}<button>Decline</button></form></details>`;
}

function approveForm({ rotationId, awaits }: ListedRotation) {
  return html`<form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="approve"><input type="hidden" name="rotationId" value="${rotationId}">${reasonField()}<button>Approve: ${awaits}</button></form>`;
}
