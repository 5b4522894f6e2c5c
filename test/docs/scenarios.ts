/** What once went wrong, or a guard whose removal no test once noticed, and the test that holds it now. */
export interface Scenario {
  readonly given: string;
  readonly result: string;
  readonly file: string;
  /** Words of the test's title, exactly as the file has them. */
  readonly test: string;
}

const rotation = 'test/rotation';
const second = `${rotation}/second-look`;
const servers = 'test/servers';

export const scenarios: readonly Scenario[] = [
  row(
    'the old value is set back, and is due again',
    'what a job read in between works on',
    `${second}/drift.test.ts`,
    'costs nobody what they hold, though the secret is due again at once: %s',
  ),
  row(
    'Terraform sets the old value every six hours, five days long',
    'nobody is cut off, and the latest value works after each pass',
    `${second}/drift.test.ts`,
    'every six hours for five days, as Terraform does, cuts nobody off: %s',
  ),
  row(
    'the same with a single password',
    'what was set back works again with the next pass',
    `${second}/drift.test.ts`,
    'calls a person about a single password, and repairs what is in force with the next pass',
  ),
  row(
    'one vault throttles each write',
    'another vault’s secret is rotated in the first pass',
    `${second}/throttled-neighbour.test.ts`,
    'keeps no secret of another vault waiting: beside %d secrets of its own',
  ),
  row(
    'a secret leaves the policy, or its issuer, target or group changes, in the middle',
    'the rotation ends, or a person is called',
    `${second}/hands-of-people.test.ts`,
    'ends the rotation, or calls a person: ${issuer}, ${change}, %s',
  ),
  row(
    'a secret is deleted in its grace and recovered',
    'its rotation ends',
    `${second}/hands-of-people.test.ts`,
    'that is deleted in its grace and recovered ends its rotation',
  ),
  row(
    'a person disables the newest version, and it is due',
    'nothing is published without a person; the cached value works',
    `${second}/hands-of-people.test.ts`,
    'whose newest version is disabled by hand waits for a person, and the cached value still works',
  ),
  row(
    'one journal entry is torn',
    'it hides its own target alone',
    `${second}/hands-of-people.test.ts`,
    'hides its own target alone: the others are listed and can be asked for',
  ),
  row(
    'users `App` and `app`',
    'they are two targets',
    `${second}/hands-of-people.test.ts`,
    'two users whose names differ by case alone are two targets',
  ),
  row(
    'published tokens are superseded again and again',
    'none but the newest lives on when nothing serves them',
    `${second}/drift.test.ts`,
    'lives no longer than its readers: no token of ours but the newest is alive when nothing serves it any more',
  ),
  row(
    'a machine sleeps right before its request leaves',
    'the latest value works after it woke',
    `${second}/hands-of-people.test.ts`,
    'does no harm when it wakes: %s after %i minutes',
  ),
  row(
    'a roll-back while the revocation’s request is under way',
    'it is refused, and the latest value works',
    `${second}/hands-of-people.test.ts`,
    'is refused, and the latest value works: %s',
  ),
  row(
    'one of two PostgreSQL users lacks a right, an ownership, an attribute or a setting',
    'it is refused before it is published',
    `${servers}/postgresql-rights.servers.ts`,
    'refuses a second user without %s',
  ),
  row(
    'both users act as an owner role (`SET ROLE`)',
    'they are called the same',
    `${servers}/postgresql-rights.servers.ts`,
    'says works of members of an owner role that act as it from their first statement on',
  ),
  row(
    'a session of the old login is open',
    'the report says so; an emergency ends it',
    `${servers}/postgresql-rights.servers.ts`,
    'tells how many sessions of an ended login live on, and ends them in an emergency',
  ),
  row(
    'Redis has a replica that the target does not name',
    'nothing is changed',
    `${servers}/redis/redis-nodes.servers.ts`,
    'is left alone while the target names the master alone: users are not replicated',
  ),
  row(
    'Redis has a replica that the target names',
    'every node takes the new password and refuses the old one',
    `${servers}/redis/redis-nodes.servers.ts`,
    'takes the new password and refuses the old one on every node',
  ),
  row(
    'Sentinel makes a replica the master after a rotation',
    'readers are let in; the old password is dead on both',
    `${servers}/redis/redis-sentinel.servers.ts`,
    'lets readers in with the new password before and after a failover, and shows the old one dead on both',
  ),
  row(
    'Redis is a cluster',
    'it is left alone, or every node is named and rotated',
    `${servers}/redis/redis-nodes.servers.ts`,
    'is left alone where the target does not name every node, and rotated on every node where it does',
  ),
  row(
    'a MariaDB user has `ed25519`',
    'it keeps it',
    `${servers}/mariadb.servers.ts`,
    'keeps the second user’s stronger authentication plugin, and signs in with it',
  ),
  row(
    'a MariaDB login may not enter the database',
    'that is a refusal, not a network that failed',
    `${servers}/mariadb.servers.ts`,
    'tells a login that may not enter the database from a network that failed',
  ),
  row(
    'MySQL’s `validate_password` is on',
    'a proposed password meets it',
    'test/issuers/databases/database-password.test.ts',
    'meets the default rules of MySQL’s validate_password without any setting',
  ),
  row(
    'the value in force dies after the rotation',
    'it is repaired within the check interval',
    `${second}/hands-of-people.test.ts`,
    'is noticed within the check interval and repaired where the class allows it',
  ),
  row(
    'a publication’s answer is lost, somebody publishes, then it arrives (seed 700014584)',
    'the latest value works',
    `${rotation}/found-by-simulation.test.ts`,
    'works for its readers: %s',
  ),
  row(
    'a renewal that was given up arrives after the next one (seed 910013731)',
    'nothing is published before that is impossible',
    `${rotation}/late-requests.test.ts`,
    'is published only when no such request can be under way any more',
  ),
  row(
    'a version that a job read is disabled (seed 2743)',
    'its credential lives until the job has ended',
    `${second}/disabled-with-readers.test.ts`,
    'keeps its credential alive until that job has ended: %s, disabled %s the rotation',
  ),
  row(
    'Entra’s servers learn of a credential one after another',
    'it must sign in twice, with a pause',
    'test/issuers/azure/entra-issuers.test.ts',
    'is not yet usable while one of Entra’s servers knows it and another does not',
  ),
];

/** Guards that were taken out one by one, with the test that now notices. */
export const guards: readonly Scenario[] = [
  row(
    'the time of a pass may cut between setting and publishing a single password',
    'it is published',
    `${rotation}/single-password.test.ts`,
    'is published once it is set, though the time of the pass is over',
  ),
  row(
    'an answer of our own that was lost counts as answered',
    'the late revocation ends nothing new',
    `${rotation}/late-requests.test.ts`,
    'ends nothing that the next rotation made, even in an emergency',
  ),
  row(
    'two rotations of one target may begin',
    'there is one',
    `${rotation}/found-by-simulation.test.ts`,
    'begins no second rotation of the target',
  ),
  row(
    'no last look before a key or user is set',
    'what another publisher just set works',
    `${rotation}/found-late-by-simulation.test.ts`,
    'finds it working: %s',
  ),
  row(
    'withdrawing while a publication may still arrive',
    'the latest value works',
    `${rotation}/found-by-simulation.test.ts`,
    'works for its readers: %s',
  ),
  row(
    'rolling back while a revocation is under way',
    'it is refused',
    `${second}/hands-of-people.test.ts`,
    'is refused, and the latest value works: %s',
  ),
  row(
    'ending a token that may be in force under another name',
    'a person is asked',
    `${second}/found-by-search.test.ts`,
    'is asked about as soon as its grace is over, and works on until a person agrees',
  ),
  row(
    'ending a token that a tag alone names',
    'it lives',
    `${rotation}/tampering.test.ts`,
    'does not revoke a credential on the word of a tag alone',
  ),
  row(
    'renewing what a group disagrees on',
    'a person is called',
    `${second}/guards-that-survived.test.ts`,
    'is not published over, and a person is called',
  ),
  row(
    'sending a request after its time',
    'the act begins anew',
    `${second}/guards-that-survived.test.ts`,
    'sends nothing after its time, and begins the act anew',
  ),
  row(
    'a gap in the log, or somebody’s read, does not hold',
    'the old credential lives',
    `${rotation}/hardest-faults-6-to-10.test.ts`,
    '7b: %s keeps the old credential alive',
  ),
  row(
    'the provider’s last use does not hold',
    'the old credential lives',
    `${second}/guards-that-survived.test.ts`,
    'lives on, and ends when it has been quiet: %s',
  ),
  row(
    'ending the old value without trying the new one',
    'nothing ends',
    `${rotation}/how-values-end.test.ts`,
    'somebody who publishes in the grace a value that does not work has nothing ended, and is told so',
  ),
  row(
    'a clock that disagrees with the vault’s',
    'nothing begins and nothing ends',
    `${second}/guards-that-survived.test.ts`,
    'begins nothing and ends nothing, until they agree again',
  ),
];

function row(given: string, result: string, file: string, test: string): Scenario {
  return { given, result, file, test };
}
