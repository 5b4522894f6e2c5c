import type { Dice } from '../simulation/dice.ts';
import type { Gate } from './gate.ts';
import type { MessageReceiver } from './message-receiver.ts';
import type { SmallDisk } from './small-disk.ts';
import { type SoakWorld, writePolicy } from './soak-world.ts';
import type { SoakedServer } from './soaked-servers.ts';

/** One thing that goes wrong for a while. */
export interface Trouble {
  readonly name: string;
  begin(): void;
  end(): void;
}

interface Stage {
  readonly world: SoakWorld;
  readonly policyFile: string;
  readonly servers: readonly SoakedServer[];
  readonly gate: Gate;
  readonly people: MessageReceiver;
  readonly disk: SmallDisk;
  readonly dice: Dice;
}

const hourMs = 3_600_000;
const nothing = (): void => undefined;

/** Everything that goes wrong, in an order that the dice choose. */
export function troublesOf({ world, policyFile, servers, gate, people, disk, dice }: Stage): readonly Trouble[] {
  const { vault, logAnalytics, clock } = world.cloud;
  let edition = 0;
  const wrongClock = (name: string, offsetMs: number): Trouble => {
    const server = dice.pick(servers);
    return { name, begin: () => server.offset(offsetMs), end: () => server.offset(0) };
  };
  const ordered: readonly Trouble[] = [
    ...(disk.canFill ? [{ name: 'the disk is full', begin: () => disk.fill(), end: () => disk.empty() }] : []),
    { name: 'Gitea is down', begin: () => gate.set('closed'), end: () => gate.set('open') },
    { name: "Gitea's answers are lost", begin: () => gate.set('deaf'), end: () => gate.set('open') },
    {
      name: 'the vault throttles',
      begin: () => vault.limitWrites(1, 30),
      end: () => vault.limitWrites(null),
    },
    {
      name: 'the vault fails before and after it acts',
      begin() {
        vault.fault({ kind: 'fail-before', times: 3 });
        vault.fault({ kind: 'lose-answer', method: 'PUT', times: 2 });
        vault.fault({ kind: 'fail-after', method: 'PUT', times: 2 });
        vault.fault({ kind: 'lose-answer', method: 'PATCH', times: 2 });
      },
      end: nothing,
    },
    { name: 'the log refuses queries', begin: () => logAnalytics.failNext(429, 6, 5), end: nothing },
    { name: 'nobody takes messages', begin: () => people.set('refusing'), end: () => people.set('open') },
    { name: 'answers to messages are lost', begin: () => people.set('forgetful'), end: () => people.set('open') },
    wrongClock('a clock is forty days ahead', 40 * 24 * hourMs),
    wrongClock('a clock is three hours late', -3 * hourMs),
    {
      name: 'forty minutes pass at once',
      begin() {
        clock.advance((2 / 3) * hourMs);
        for (const server of servers) server.offset(0);
      },
      end: nothing,
    },
    {
      name: 'the policy changes',
      begin() {
        edition += 1;
        writePolicy(world, policyFile, edition);
      },
      end: nothing,
    },
  ];
  return shuffled(ordered, dice);
}

function shuffled<Item>(items: readonly Item[], dice: Dice): readonly Item[] {
  return items
    .map((item) => ({ item, at: dice.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
