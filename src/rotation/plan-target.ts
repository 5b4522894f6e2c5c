import { formatDuration } from '../secrets/duration.ts';
import { ServiceError } from '../service-error.ts';
import { bindTarget } from './bind-target.ts';
import { beginRule } from './decide/begin-rule.ts';
import { decide } from './decide/decide.ts';
import type { Act, Decision, Observation, Terms, Wait } from './decide/decision.ts';
import type { IndexedTarget } from './journal/target-index.ts';
import { openAttempt, type TargetState } from './journal/target-state.ts';
import { earlierInTheWay, earlierTexts } from './observe/earlier-environments.ts';
import { observe, type Sight } from './observe/observe.ts';
import { knownWorker, stateOf, type Target } from './observe/target.ts';
import { stepsOf } from './ports/rotation-steps.ts';
import { madeElsewhere } from './made-elsewhere.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, requireUnit } from './rotation-unit.ts';
import { settle } from './settle.ts';
import { tagFaults } from '../secrets/tag-faults.ts';
import { requireStore } from './observe/vault-access.ts';

/** What kind of thing a line of a plan tells of. A person reads a plan by these. */
type PlanGroup = 'stopped' | 'attention' | 'rotate' | 'go-on' | 'people' | 'held' | 'tags' | Wait['why'];

export interface PlanLine {
  readonly group: PlanGroup;
  /** One exact sentence, which begins with what it is about. */
  readonly text: string;
}

/** What a pass would do for one target, in exact sentences: its decision, printed. Changes nothing. */
export async function planTarget(target: Target, indexed: IndexedTarget | null): Promise<readonly PlanLine[]> {
  const worker = knownWorker(target, indexed);
  const first = await observe(target, worker);
  const { decision, sight, fault } = await settle(target, worker, first, foreseen);
  const state = stateOf({ target, worker });
  const name = target.terms.bindings.map(bindingKey).join(', ');
  if (decision.kind === 'act') {
    const group = isBeginning(decision.act, sight, state) ? 'rotate' : 'go-on';
    return [{ group, text: `${name}: would ${actText(decision.act, sight, state)}.` }];
  }
  if (fault !== null) throw fault;
  const said = new Map<string, PlanGroup>([
    ...decision.calls.map(({ code }) => [`needs attention (${code})`, 'attention'] as const),
    ...decision.waits.map((wait) => [waitText(wait, state), wait.why] as const),
  ]);
  return [...said].map(([text, group]) => ({ group, text: `${name}: ${text}.` }));
}

/** Of a secret that was never looked at: what follows once it is known what its newest version holds. */
function foreseen(observation: Observation, state: TargetState, terms: Terms): Decision {
  const decision = decide(observation, state, terms);
  const isFirst = decision.kind === 'act' && decision.act.act === 'identify' && state.rotations.length === 0;
  if (!isFirst || !terms.dueness.due) return decision;
  const ruling = beginRule({ ...state, desired: 'seen' }, observation, terms);
  if (ruling === null) return decision;
  if ('look' in ruling) return { kind: 'look', look: ruling.look };
  if ('wait' in ruling) return { kind: 'rest', waits: [ruling.wait], calls: [] };
  if ('call' in ruling) return { kind: 'rest', waits: [], calls: [ruling.call] };
  if (!terms.needsGo || state.gone) return decision;
  return { kind: 'rest', waits: [{ until: null, why: 'go', about: 'begin', credential: null }], calls: [] };
}

function actText(act: Act, sight: Sight, state: TargetState): string {
  if (isBeginning(act, sight, state)) return beginText(sight);
  switch (act.act) {
    case 'identify':
      return 'find out what its newest version holds';
    case 'note':
      return `note that it would ${act.entry}`;
    case 'disable':
      return `disable ${act.isStaging ? 'the staged' : 'the'} version ${act.version}`;
    case 'end':
      return `end the credential ${nameOf(state, act.credential)}`;
    case 'publish':
      return `publish the value of ${act.credential} as the newest version of ${act.member}`;
    case 'repair':
      return 'set the value in force at the provider once more';
    case 'replicate':
      return `publish the value to the further place ${String(act.place + 1)} of ${act.member}`;
    case 'stage':
    case 'issue':
    case 'verify':
      return `go on with rotation ${openAttempt(state)?.claim.rotationId ?? ''}: ${act.act} the new credential`;
    default:
      return act satisfies never;
  }
}

/** Whether the act is the first of a rotation that is due. */
function isBeginning(act: Act, { terms }: Sight, { rotations }: TargetState): boolean {
  if (!terms.dueness.due) return false;
  return act.act === 'identify' ? rotations.length === 0 : act.act === 'note' && act.entry === 'begin';
}

function beginText({ terms: { dueness }, observation }: Sight): string {
  const from = [...observation.newest.values()].map((one) => one?.version ?? 'nothing').join(', ');
  return `rotate away from ${from}${dueness.due ? `, which ends ${dueness.expires.toISOString()}` : ''}`;
}

function nameOf({ credentials }: TargetState, key: string): string {
  return credentials.get(key)?.credentialId ?? key;
}

const waitTexts = {
  busy: 'another worker is at it',
  stopped: 'the kill switch is on',
  clock: "our clock and the vault's disagree",
  retry: 'an act that failed is tried again',
  'in-flight': 'a request in flight may still arrive',
  approval: 'waits for approval',
  go: 'is due, and its first rotation waits for a go',
  'in-use': 'the old credential may still be in use',
  mode: 'is due, and the policy leaves it to a person',
  window: 'is due, and waits for its window',
  'earlier-environment': 'is due, and waits for another environment',
  paced: 'is due, and as many rotations as the policy allows were made',
  'rest-after-roll-back': 'is due, was rolled back, and is left to people',
  propagation: 'the provider cannot tell yet whether the value in force works',
  unseen: 'something could not be looked at',
} as const satisfies Record<Wait['why'], string>;

function waitText({ why, until, credential, earlier }: Wait, state: TargetState): string {
  if (earlier !== undefined)
    return `${waitTexts[why]}: ${earlier.unit} (${earlier.environment}) ${earlierTexts[earlier.because]}`;
  const about = why === 'in-use' && credential !== null ? ` (${nameOf(state, credential)})` : '';
  return `${waitTexts[why]}${about}${until === null ? '' : `, until ${until.toISOString()}`}`;
}

/** What `rotate --plan` says, and whether the request would come through. */
interface PlannedRequest {
  readonly sentences: readonly string[];
  /** Everything that was looked at answered. */
  readonly complete: boolean;
  /** The request would be refused. */
  readonly isRefused: boolean;
}

/** Plans a person's request: the steps that would be taken now, due or not, and whether what it needs answers. */
export async function planRequest(tools: RotationTools, secret: string): Promise<PlannedRequest> {
  const unit = requireUnit(tools.policy, secret);
  const target = bindTarget(tools, unit);
  const { issuer } = target;
  const steps = stepsOf[issuer.credentialClass].slice(1).join(', ');
  const sentences = [`${unit.key}: would take the steps ${steps} with issuer ${issuer.name}.`];
  const refusals: string[] = [];
  const tagged: string[] = [];
  let complete = true;
  const probe = async (what: string, look: () => Promise<unknown>): Promise<void> => {
    const { works, sentence } = await tried(what, look);
    complete &&= works;
    sentences.push(sentence);
  };
  for (const member of unit.members) {
    const { vault, name, approval, graceMs } = member;
    sentences.push(`${vault}/${name}: the old version would stay usable for ${formatDuration(graceMs)}.`);
    if (approval.length > 0)
      sentences.push(`${vault}/${name}: another person must approve before ${approval.join(' and ')}.`);
    await probe(`${vault}/${name}: reading the secret's properties`, async () => {
      const latest = await requireStore(tools, vault).latest(name);
      tagged.push(...tagFaults(member, latest?.tags ?? {}).map(({ sentence }) => sentence));
      const elsewhere = madeElsewhere(member, latest);
      if (elsewhere !== null) refusals.push(`${vault}/${name}: is refused with ${elsewhere.code}. ${elsewhere.says}`);
      return latest;
    });
  }
  if (issuer.credentialClass !== 'self') {
    const signal = tools.abortAfter(30_000);
    await probe(`${unit.key}: asking the provider`, () => issuer.list(unit.members[0], signal));
  }
  const earlier = await earlierInTheWay(target, { now: tools.now(), countsDue: false });
  if (earlier !== null)
    refusals.push(
      `${unit.key}: ${earlier.unit} (${earlier.environment}) ${earlierTexts[earlier.because]}, so it waits.`,
    );
  return {
    sentences: [
      ...sentences,
      ...tagged,
      ...refusals,
      `${unit.key}: the right to set the secret cannot be shown without setting it; doctor compares the role assignments.`,
    ],
    complete,
    isRefused: refusals.length > 0,
  };
}

async function tried(what: string, look: () => Promise<unknown>): Promise<{ works: boolean; sentence: string }> {
  try {
    const isAbsent = (await look()) === null;
    return { works: true, sentence: `${what} works${isAbsent ? ', and there is no such secret' : ''}.` };
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    return { works: false, sentence: `${what} fails with ${error.code}. ${error.says}` };
  }
}
