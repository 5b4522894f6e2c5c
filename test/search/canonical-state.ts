import { isChecked } from '../../src/rotation/decide/force-rules.ts';
import type { Question } from '../../src/rotation/journal/journal-entry.ts';
import { type Rotation, standingQuestion, type TargetState } from '../../src/rotation/journal/target-state.ts';
import type { SecretVersion } from '../../src/rotation/ports/secret-store.ts';
import { hourMs } from '../rotation/world/rotation-world.ts';
import { type Fingerprint, knownPrintOf, Mixer, printOf } from './fingerprint.ts';
import { jumpsMs, type Node, type WorkerAt } from './node.ts';
import { type HeldVersion, secret, type Truth } from './small-world.ts';

const minuteMs = 60_000;
const dayMs = 24 * hourMs;
const graceMs = hourMs;
const checkMs = 6 * hourMs;
const leadMs = 30 * dayMs;

/**
 * A fingerprint that is the same for states that nothing can tell apart, and that so lead to the same ends:
 * - of each time only what a rule asks of it: whether its moment has come, or which jumps of time would reach it;
 * - values and ids by where they occur first, as another run of the same story numbers them otherwise;
 * - of the journal where it leaves the target, not the way there;
 * - two workers in the same place are the same worker.
 * How much trouble may still come is left out, but for the jumps of time: see `Fingerprints`.
 */
export function fingerprintOf(node: Node, jumps: number): Fingerprint {
  if (last === null || !isSameButTheTime(last.node, node)) last = { node, sketch: sketchOf(node) };
  const { main, workers } = last.sketch;
  const { truth } = node;
  const reached = sumsOf(jumps);
  const mixed = new Mixer(jumps);
  mixed.add(main.print.low);
  mixed.add(main.print.high);
  for (const at of main.moments) mixed.add(momentCode(at, truth.nowMs, reached));
  const prints = workers.map(({ print, moments, at }) => {
    const codes = [checkCode(at, truth, reached), isHolder(at, truth) ? 1 : 0];
    for (const moment of moments) codes.push(momentCode(moment, truth.nowMs, reached));
    return [print.low, print.high, ...codes];
  });
  for (const print of prints.sort(byNumbers)) for (const code of print) mixed.add(code);
  return mixed.end();
}

/** The state asked about last: a jump of time changes nothing of it but the time. */
let last: { readonly node: Node; readonly sketch: Sketch } | null = null;

/** What is the same of a state whatever the time is, and the times that a rule asks about. */
interface Sketch {
  readonly main: Part;
  readonly workers: readonly (Part & { readonly at: WorkerAt })[];
}

interface Part {
  readonly print: Fingerprint;
  readonly moments: readonly number[];
}

function isSameButTheTime(one: Node, other: Node): boolean {
  const [a, b] = [one.truth, other.truth];
  return (
    one.workers === other.workers &&
    a.head === b.head &&
    a.vault === b.vault &&
    a.provider === b.provider &&
    a.place === b.place &&
    a.bound === b.bound &&
    a.endedByHand === b.endedByHand &&
    a.disabledByPerson === b.disabledByPerson &&
    a.late.length === b.late.length &&
    a.late.every((request, index) => request === b.late[index])
  );
}

function sketchOf({ truth, workers }: Node): Sketch {
  const { head } = truth;
  const names = new Map<string, string>();
  const named = (text: string) => {
    const { stem, number } = numberedOf(text);
    if (number === null) return text;
    let name = names.get(number);
    if (name === undefined) names.set(number, (name = `#${String(names.size)}`));
    return stem + name;
  };
  const moments: number[] = [];
  let out = `${truth.bound ? 'b' : 'u'} ${short(truth.disabledByPerson)} ${truth.endedByHand.map(named).join()}`;
  out += truth.place === null ? '' : ` ${named(truth.place)}`;
  for (const version of truth.vault) {
    if (version.name !== secret && !version.enabled) {
      out += '\n-';
      continue;
    }
    const { told, graceMs: grace, dueMs } = versionText(version);
    out += `\n${told} ${named(version.value)} ${named(version.tags['CredentialId'] ?? '')} ${dueMs === null ? '' : '@'}`;
    moments.push(grace);
    if (dueMs !== null) moments.push(dueMs);
  }
  for (const { id, name, value } of truth.provider) out += `\n${named(id)} ${short(name)} ${named(value)}`;
  for (const late of truth.late) {
    out += `\n${late.to} ${lateText(late, named)}`;
    moments.push(late.until);
  }
  out += `\n${filled(templateOf(head.state), moments, named)}`;
  const others = workers.map((at) => {
    const times: number[] = [];
    return { print: knownPrintOf(workerText(at, head.state, times, named)), moments: times, at };
  });
  return { main: { print: printOf(out), moments }, workers: others };
}

/** Whether a moment has come, or how far the jumps that are left would have to reach for it. */
function momentCode(at: number, nowMs: number, reached: readonly number[]): number {
  if (at <= nowMs) return -1;
  const away = at - nowMs;
  let index = 0;
  while (index < reached.length && (reached[index] ?? 0) < away) index += 1;
  return index;
}

function checkCode({ checkedAt }: WorkerAt, { nowMs, head }: Truth, reached: readonly number[]): number {
  if (checkedAt === null || !isChecked(head.state, { checkedAt, now: new Date(nowMs) })) return -2;
  return momentCode(checkedAt.getTime() + checkMs, nowMs, reached);
}

function isHolder({ name }: WorkerAt, { nowMs, head }: Truth): boolean {
  const { heldBy } = head.state;
  return heldBy?.writer === name && Date.parse(heldBy.until) >= nowMs;
}

function byNumbers(one: readonly number[], other: readonly number[]): number {
  if (one.length !== other.length) return one.length - other.length;
  for (let index = 0; index < one.length; index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function lateText(late: Truth['late'][number], named: Named): string {
  switch (late.to) {
    case 'add':
      return `${short(late.version.name)} ${short(late.version.tags['rotation-id'] ?? '')} ${named(late.value)}`;
    case 'update':
      return `${short(late.name)} ${short(late.version)}`;
    case 'issue':
      return `${short(late.name)} ${named(late.proposed)} ${late.slot}`;
    case 'revoke':
      return named(late.id);
    case 'place':
      return named(late.value);
    default:
      return late satisfies never;
  }
}

interface Numbered {
  readonly stem: string;
  /** The number that the text ends in, as another run of the same story counts it otherwise. */
  readonly number: string | null;
}

const numbered = new Map<string, Numbered>();

function numberedOf(text: string): Numbered {
  let found = numbered.get(text);
  if (found !== undefined) return found;
  const number = text.startsWith('key') ? null : (/\d+$/.exec(text)?.[0] ?? null);
  found = { stem: number === null ? text : text.slice(0, -number.length), number };
  numbered.set(text, found);
  return found;
}

interface VersionText {
  readonly told: string;
  readonly graceMs: number;
  readonly dueMs: number | null;
}

const versionTexts = new WeakMap<HeldVersion, VersionText>();

/** What is the same of a version whatever the time is. */
function versionText(held: HeldVersion): VersionText {
  let found = versionTexts.get(held);
  if (found !== undefined) return found;
  const { name, version, enabled, tags, created, expires } = held;
  const told = `${name} ${version} ${enabled ? 'e' : 'd'} ${tags['rotation-id'] ?? ''} ${tags['rotated-from'] ?? ''}`;
  const dueMs = expires === null ? null : expires.getTime() - leadMs;
  found = { told: short(told), graceMs: created.getTime() + graceMs, dueMs };
  versionTexts.set(held, found);
  return found;
}

const shorts = new Map<string, string>();

/** A short text for a long one, the same throughout the search. */
function short(text: string): string {
  let found = shorts.get(text);
  if (found === undefined) shorts.set(text, (found = `$${shorts.size.toString(36)}`));
  return found;
}

type Named = (text: string) => string;

function workerText(worker: WorkerAt, head: TargetState, moments: number[], named: Named): string {
  const { under, remembered, journal } = worker;
  const open = head.rotations.at(-1)?.credential;
  const about = under !== null && 'credential' in under.act ? under.act.credential : '';
  let idle = '';
  for (const [key, { credentialId, value }] of remembered)
    if (key === open || key === about) idle += `${short(key)}=${named(credentialId)}:${named(value.reveal())},`;
  if (under === null) return idle;
  const { act, step, found, sight } = under;
  const { of, sendBefore, request, pending, issued, value, version, latest, shown } = found;
  const answers = head.inFlight.findIndex(({ number }) => number === of);
  const versions = sight.observation.seen.versions?.get('kv/app') ?? none;
  if (sendBefore !== undefined) moments.push(sendBefore.getTime());
  const view = [
    `${shortOf(act, JSON.stringify)} ${String(step)} ${head.pending?.number === of ? 'P' : ''}${String(answers)}`,
    sendBefore === undefined ? '' : '@',
    request === undefined
      ? ''
      : `${named(request.current?.reveal() ?? '')} ${named(request.currentCredentialId ?? '')}`,
    ...[pending, issued].map((one) =>
      one === undefined ? '' : `${named(one.credentialId)} ${named(one.value.reveal())}`,
    ),
    named(value?.reveal() ?? ''),
    ...[version, latest].map((one) => short(one?.version ?? '')),
    shown?.outcome ?? '',
    shortOf(versions, versionsText),
  ];
  const known = journal?.state;
  // A worker that another has overtaken acts on what it knows, and learns it at its next entry.
  const stale = known === undefined || known === head ? '' : filled(templateOf(known), moments, named);
  return `${idle} ${view.join('|')} ${stale}`;
}

const none: readonly SecretVersion[] = [];

function versionsText(versions: readonly SecretVersion[]): string {
  return versions.map((one) => `${one.version}${one.enabled ? 'e' : 'd'}`).join();
}

const told = new WeakMap<object, string>();

/** The short text of what never changes. */
function shortOf<Part extends object>(part: Part, tell: (of: Part) => string): string {
  let found = told.get(part);
  if (found === undefined) told.set(part, (found = short(tell(part))));
  return found;
}

const sums = new Map<number, readonly number[]>();

/** How far so many jumps of time can reach, ascending: no rule can tell two moments between the same two of them apart. */
function sumsOf(jumps: number): readonly number[] {
  const known = sums.get(jumps);
  if (known !== undefined) return known;
  const fewer = jumps === 0 ? [] : [0, ...sumsOf(jumps - 1)];
  const found = [...new Set(fewer.flatMap((sum) => [sum, ...jumpsMs.map((jump) => sum + jump)]))];
  const ascending = found.filter((sum) => sum > 0).sort((a, b) => a - b);
  sums.set(jumps, ascending);
  return ascending;
}

/** What is the same whatever the time is: texts, moments (numbers) and names in turn. */
type Template = readonly (string | number | { readonly name: string })[];
const templates = new WeakMap<TargetState, Template>();

function filled(template: Template, moments: number[], named: Named): string {
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') text += part;
    else if (typeof part === 'number') moments.push(part);
    else text += named(part.name);
  }
  return text;
}

function rotationText(one: Rotation): string {
  const { claim, credential, from, step, published, publishedAt, replacedAt, result, failure } = one;
  const what = `${claim.rotationId} ${claim.trigger} ${credential} ${from ?? ''} ${step} ${[...published.values()].join()}`;
  return `${what} ${publishedAt === null ? '' : 'p'}${replacedAt === null ? '' : 'r'} ${result ?? ''} ${failure ?? ''}`;
}

/** Where the journal leaves the target, as far as a decision, a step or the journal itself may ask. */
function templateOf(state: TargetState): Template {
  const known = templates.get(state);
  if (known !== undefined) return known;
  const parts: (string | number | { readonly name: string })[] = [];
  let text = '';
  const say = (more: string) => void (text += short(more));
  const put = (part: number | { readonly name: string }) => {
    parts.push(typeof part === 'number' ? `${text}@` : text, part);
    text = '';
  };
  const time = (at: string | null, afterMs: number) => {
    if (at === null) say('n');
    else put(Date.parse(at) + afterMs);
  };
  const sayOf = <Part extends object>(part: Part, tell: (of: Part) => string) => void (text += shortOf(part, tell));
  for (const credential of state.credentials.values()) {
    const { credentialId, idleSince, endingSince } = credential;
    sayOf(credential, ({ key, ours, knownFrom, perhaps, life, served }) =>
      [key, ours ? 'o' : 't', knownFrom, perhaps.join(), life, served ? 's' : ''].join(' '),
    );
    if (credentialId !== null) put({ name: credentialId });
    time(idleSince, graceMs);
    time(endingSince, 5 * minuteMs);
  }
  sayOf(state.holds, (holds) => [...holds].join());
  sayOf(state.theirs, (theirs) => [...theirs].join());
  say(`${[...state.current.values()].map((version) => version).join()} ${state.desired ?? ''}`);
  say(`${state.untidy ? 'u' : ''}${state.setAt === null ? '' : 's'}${state.gone ? 'g' : ''}${state.retiredAt ?? ''}`);
  say(
    `${String(state.setBacks.length)} ${state.bindings.length === 0 ? '' : 'b'} ${state.rebuiltAt === '' ? '' : 'r'}`,
  );
  if (state.pending !== null) say(`pending ${state.pending.act} ${state.pending.facts.credential ?? ''}`);
  if (state.heldBy !== null) put(Date.parse(state.heldBy.until) + 1);
  for (const request of state.inFlight) {
    sayOf(request, ({ act, credential, member }) => `${act} ${credential ?? ''} ${member ?? ''}`);
    time(request.notAfter, 1);
  }
  for (const one of state.rotations) {
    sayOf(one, rotationText);
    time(one.rolledBack?.at ?? null, dayMs);
  }
  for (const [version, credential] of state.staged) say(`${version} ${credential}`);
  for (const [place, credential] of state.places) say(`${place} ${credential}`);
  for (const [key, { code, tries, cycle, retryAt, spent }] of state.failures) {
    say(`${key} ${code} ${String(tries)} ${String(cycle)} ${spent ? 's' : ''}`);
    time(retryAt, 0);
  }
  for (const [key, { at, reasons }] of state.waits) {
    say(`${key} ${reasons.map(({ code }) => code).join()}`);
    time(at, hourMs);
  }
  for (const [key, { at, waitsFor, declinedAt }] of state.questions) {
    const [question = '', credential] = key.split(' ');
    const isOpen = standingQuestion(state, question as Question, credential) !== null;
    const what = `${isOpen ? 'o' : ''}${declinedAt === null ? '' : 'n'}`;
    say(`${key} ${what} ${waitsFor.map(({ code }) => code).join()}`);
    time(at, hourMs);
  }
  for (const { question, credential, at } of state.approvals) {
    const counts = question === 'publish' || at >= (state.credentials.get(credential)?.idleSince ?? '');
    say(`${question} ${credential} ${counts ? 'c' : ''}`);
    time(at, dayMs);
  }
  const template = [...parts, text];
  templates.set(state, template);
  return template;
}
