import { isChecked } from '../../src/rotation/decide/force-rules.ts';
import type { TargetState } from '../../src/rotation/journal/target-state.ts';
import { hourMs } from '../rotation/world/rotation-world.ts';
import { jumpsMs, type Node, type WorkerAt } from './node.ts';

const minuteMs = 60_000;
const dayMs = 24 * hourMs;
const graceMs = hourMs;
const checkMs = 6 * hourMs;
const leadMs = 30 * dayMs;

/**
 * A text that is the same for states that nothing can tell apart, and so lead to the same ends:
 * - of each time only what a rule asks of it: whether its moment has come, or which jumps of time would reach it;
 * - values and ids by where they occur first, as another run of the same story numbers them otherwise;
 * - of the journal where it leaves the target, not the way there;
 * - two workers in the same place are the same worker.
 * How much trouble may still come is left out, but for the jumps of time: see `Fingerprints`.
 */
export function canonicalState({ truth, workers }: Node, jumps: number): string {
  const { nowMs, head } = truth;
  const reached = sumsOf(jumps);
  const names = new Map<string, string>();
  const named = (text: string) => {
    const number = /\d+$/.exec(text)?.[0];
    if (number === undefined || text.startsWith('key')) return text;
    let name = names.get(number);
    if (name === undefined) names.set(number, (name = `#${String(names.size)}`));
    return text.slice(0, -number.length) + name;
  };
  const moment = (at: number) => {
    const index = at <= nowMs ? -1 : reached.findIndex((sum) => sum >= at - nowMs);
    return at <= nowMs ? 'p' : index === -1 ? 'f' : String(index);
  };
  const out: string[] = [
    `${String(jumps)}${truth.bound ? 'b' : 'u'}${truth.harmed ? 'h' : ''} ${short(truth.disabledByPerson)}`,
  ];
  for (const { name, version, enabled, value, tags, created, expires } of truth.vault) {
    if (name !== 'app' && !enabled) {
      out.push('-');
      continue;
    }
    const told = `${name} ${version} ${enabled ? 'e' : 'd'} ${tags['rotation-id'] ?? ''} ${tags['rotated-from'] ?? ''}`;
    const due = expires === null ? '' : moment(expires.getTime() - leadMs);
    out.push(
      `${short(told)} ${named(value)} ${named(tags['CredentialId'] ?? '')} ${moment(created.getTime() + graceMs)} ${due}`,
    );
  }
  for (const { id, name, value } of truth.provider) out.push(`${named(id)} ${short(name)} ${named(value)}`);
  for (const late of truth.late) {
    const told =
      late.to === 'add'
        ? `${late.version.name} ${late.version.tags['rotation-id'] ?? ''} ${named(late.value)}`
        : late.to === 'update'
          ? `${late.name} ${late.version}`
          : late.to === 'issue'
            ? `${late.name} ${named(late.proposed)} ${late.slot}`
            : named(late.id);
    out.push(`${late.to} ${told} ${moment(late.until)}`);
  }
  out.push(filled(templateOf(head.state), moment, named));
  out.push(...workers.map((worker) => workerText(worker, head.state, nowMs, moment, named)).sort());
  return out.join('\n');
}

const shorts = new Map<string, string>();

/** A short text for a long one, the same throughout the search. */
function short(text: string): string {
  let found = shorts.get(text);
  if (found === undefined) shorts.set(text, (found = `$${shorts.size.toString(36)}`));
  return found;
}

type Moment = (at: number) => string;
type Named = (text: string) => string;

function workerText(worker: WorkerAt, head: TargetState, nowMs: number, moment: Moment, named: Named): string {
  const { name, under, remembered, checkedAt, journal } = worker;
  const open = head.rotations.at(-1)?.credential;
  const about = under !== null && 'credential' in under.act ? under.act.credential : '';
  const held = [...remembered]
    .filter(([key]) => key === open || key === about)
    .map(([key, { credentialId, value }]) => `${short(key)}=${named(credentialId)}:${named(value.reveal())}`);
  const now = new Date(nowMs);
  const checked = isChecked(head, { checkedAt, now }) ? moment((checkedAt?.getTime() ?? 0) + checkMs) : '-';
  const isHolder = head.heldBy?.writer === name && Date.parse(head.heldBy.until) >= nowMs;
  const idle = `${held.join()} ${checked} ${isHolder ? 'H' : ''}`;
  if (under === null) return idle;
  const { act, step, found, sight } = under;
  const { of, sendBefore, request, pending, issued, value, version, latest, shown } = found;
  const answers = head.inFlight.findIndex(({ number }) => number === of);
  const versions = sight.observation.seen.versions?.get('kv/app') ?? [];
  const view = [
    `${short(textOf(act))} ${String(step)} ${head.pending?.number === of ? 'P' : ''}${String(answers)}`,
    sendBefore === undefined ? '' : moment(sendBefore.getTime()),
    request === undefined
      ? ''
      : `${named(request.current?.reveal() ?? '')} ${named(request.currentCredentialId ?? '')}`,
    ...[pending, issued].map((one) =>
      one === undefined ? '' : `${named(one.credentialId)} ${named(one.value.reveal())}`,
    ),
    named(value?.reveal() ?? ''),
    ...[version, latest].map((one) => short(one?.version ?? '')),
    shown?.outcome ?? '',
    short(versions.map((one) => `${one.version}${one.enabled ? 'e' : 'd'}`).join()),
  ];
  const known = journal?.state;
  // A worker that another has overtaken acts on what it knows, and learns it at its next entry.
  const stale = known === undefined || known === head ? '' : filled(templateOf(known), moment, named);
  return `${idle} ${view.join('|')} ${stale}`;
}

const actTexts = new WeakMap<object, string>();

function textOf(act: object): string {
  const known = actTexts.get(act) ?? JSON.stringify(act);
  actTexts.set(act, known);
  return known;
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

function filled(template: Template, moment: Moment, named: Named): string {
  let text = '';
  for (const part of template)
    text += typeof part === 'string' ? part : typeof part === 'number' ? moment(part) : named(part.name);
  return text;
}

/** Where the journal leaves the target, as far as a decision, a step or the journal itself may ask. */
function templateOf(state: TargetState): Template {
  const known = templates.get(state);
  if (known !== undefined) return known;
  const parts: (string | number | { readonly name: string })[] = [];
  let text = '';
  const say = (more: string) => void (text += short(more));
  const put = (part: number | { readonly name: string }) => {
    parts.push(text, part);
    text = '';
  };
  const time = (at: string | null, afterMs: number) => {
    if (at === null) say('n');
    else put(Date.parse(at) + afterMs);
  };
  for (const {
    key,
    ours,
    credentialId,
    knownFrom,
    life,
    served,
    idleSince,
    endingSince,
  } of state.credentials.values()) {
    say(`${key} ${ours ? 'o' : 't'} ${knownFrom} ${life} ${served ? 's' : ''}`);
    if (credentialId !== null) put({ name: credentialId });
    time(idleSince, graceMs);
    time(endingSince, 5 * minuteMs);
  }
  say([...state.holds].join());
  say([...state.theirs].map((version) => version).join());
  say(`${[...state.current.values()].map((version) => version).join()} ${state.desired ?? ''}`);
  say(`${state.untidy ? 'u' : ''}${state.setAt === null ? '' : 's'}${state.gone ? 'g' : ''}${state.retiredAt ?? ''}`);
  say(
    `${String(state.setBacks.length)} ${state.bindings.length === 0 ? '' : 'b'} ${state.rebuiltAt === '' ? '' : 'r'}`,
  );
  if (state.pending !== null) say(`pending ${state.pending.act} ${state.pending.facts.credential ?? ''}`);
  if (state.heldBy !== null) put(Date.parse(state.heldBy.until) + 1);
  for (const { act, credential, member, notAfter } of state.inFlight) {
    say(`${act} ${credential ?? ''} ${member ?? ''}`);
    time(notAfter, 1);
  }
  for (const one of state.rotations) {
    const { claim, credential, from, step, published, publishedAt, rolledBack, replacedAt, result, failure } = one;
    say(`${claim.rotationId} ${claim.trigger} ${credential} ${from ?? ''} ${step} ${[...published.values()].join()}`);
    say(`${publishedAt === null ? '' : 'p'}${replacedAt === null ? '' : 'r'} ${result ?? ''} ${failure ?? ''}`);
    time(rolledBack?.at ?? null, dayMs);
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
  const template = [...parts, text];
  templates.set(state, template);
  return template;
}
