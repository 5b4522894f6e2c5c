import { html } from 'hono/html';
import { areTwoPersons, describePerson, type Person } from '../../provenance/person.ts';
import { sentenceOf } from '../../service-error.ts';
import type { ListedRotation } from '../web-ports.ts';

/**
 * The table of rotations: one row each, and a second row for details in sentences. `operator`: who may act, `null` for an auditor.
 */
export function rotationTable(rotations: readonly ListedRotation[], operator: Person | null) {
  return html`<div class="scroll"><table class="rotations"><thead><tr><th scope="col">Secret</th><th scope="col">State</th><th scope="col">Started</th><th scope="col">Published</th><th scope="col">Old value</th><th scope="col">Id</th></tr></thead>
<tbody>${rotations.map((one) => rows(one, operator))}</tbody></table></div>`;
}

function rows(one: ListedRotation, operator: Person | null) {
  const told = describeRotation(one);
  const forms =
    operator === null
      ? ''
      : html`${wordForm(one, operator)}${canRollBack(one) ? rollBackForm(one) : ''}${canBreakGlass(one) ? breakGlassForm(one) : ''}`;
  return html`<tr${told.length === 0 ? '' : html` class="noted"`}><td>${one.vault}/<wbr>${one.secret}${one.emergency ? html` <span class="mark alarm">emergency</span>` : ''}</td><td>${words(one.state)}${one.failure === null ? '' : describeFailure(one.failure)}${forms}</td><td>${moment(one.claimedAt)}</td><td>${publishedText(one)}</td><td>${words(one.oldValue)}</td><td><code>${one.rotationId}</code></td></tr>
${told.length === 0 ? '' : html`<tr><td colspan="6">${told.map((line) => html`<div>${line}</div>`)}</td></tr>`}`;
}

/** Where a person's word is waited for. */
function wordForm(one: ListedRotation, operator: Person) {
  if (one.awaits === null) return '';
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

/** `needs-attention` → `needs attention`. */
function words(code: string): string {
  return code.replaceAll('-', ' ');
}

/** The failure's message, and the code for the documentation. */
function describeFailure(code: string) {
  return html`<br><span class="alarm">${sentenceOf(code) ?? ''}</span> <code>${code}</code>`;
}

/** Until its revocation the old value still works and can be published again. */
function canRollBack({ publication, oldValue }: ListedRotation): boolean {
  return publication === 'published' && oldValue === 'in-grace';
}

function rollBackForm({ rotationId }: ListedRotation) {
  return html`<details><summary>Roll back</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="roll-back"><input type="hidden" name="rotationId" value="${rotationId}"><label>Reason, for the record<input type="text" name="reason" required></label><button>Publish the old value again</button></form></details>`;
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
  return html`<details><summary>Break glass</summary><form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="approve"><input type="hidden" name="breakGlass" value="on"><input type="hidden" name="rotationId" value="${rotationId}"><p>${does} Every report lists it as an exception.</p><label>Reason, for the record<input type="text" name="reason" required></label><button>Approve alone</button></form></details>`;
}

function goForm({ vault, secret }: ListedRotation) {
  return html`<form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="go"><input type="hidden" name="secret" value="${vault}/${secret}"><label>Reason, for the record<input type="text" name="reason" required></label><button>Go</button></form>`;
}

function approveForm({ rotationId, awaits }: ListedRotation) {
  return html`<form class="ask" method="post" action="/rotations"><input type="hidden" name="action" value="approve"><input type="hidden" name="rotationId" value="${rotationId}"><label>Reason, for the record<input type="text" name="reason" required></label><button>Approve: ${awaits}</button></form>`;
}

function moment(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}
