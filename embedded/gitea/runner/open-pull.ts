import { createHash } from 'node:crypto';
import type { EmbeddedGitea } from '../embedded-gitea.ts';
import { fullName, rowById, seconds, type GiteaInstance } from '../server/gitea-instance.ts';
import { nextId, type StoredPull, type StoredRepository, nextNumber } from '../server/gitea-state.ts';

/** Opens a pull request against `main`; a fork that it needs is made, without Actions as Gitea's default has it. */
export function openPull(instance: GiteaInstance, pull: Parameters<EmbeddedGitea['openPull']>[0]): StoredPull {
  const { state } = instance;
  const repository = state.repositories.find((row) => fullName(row) === pull.repository);
  if (repository === undefined) throw new Error(`The embedded Gitea has no repository ${pull.repository}.`);
  const author = pull.author ?? (pull.from === 'own' ? repository.owner : 'stranger');
  const head = pull.from === 'fork' ? forkOf(instance, repository, author) : repository;
  const id = nextId(state, 'pull');
  const stored: StoredPull = {
    id,
    repositoryId: repository.id,
    number: nextNumber(state, repository.id),
    from: pull.from,
    headRepositoryId: head.id,
    branch: pull.from === 'agit' ? '' : (pull.branch ?? 'change'),
    branchDeleted: false,
    commit: createHash('sha1')
      .update(`pull ${String(id)}`)
      .digest('hex'),
    author,
    created: seconds(instance),
  };
  state.pulls.push(stored);
  instance.changed();
  return stored;
}

/** Deletes the branch of a pull request, or the whole fork it came from. */
export function deleteHead(instance: GiteaInstance, repository: string, number: number): void {
  const { state } = instance;
  const pull = state.pulls.find(
    (row) => row.number === number && fullName(rowById(state.repositories, row.repositoryId)) === repository,
  );
  if (pull === undefined) throw new Error(`${repository} has no pull request ${String(number)}.`);
  pull.branchDeleted = true;
  instance.changed();
  if (pull.from !== 'fork') return;
  const fork = state.repositories.findIndex((row) => row.id === pull.headRepositoryId);
  if (fork >= 0) state.repositories.splice(fork, 1);
  pull.headRepositoryId = null;
}

function forkOf(instance: GiteaInstance, repository: StoredRepository, owner: string): StoredRepository {
  const { repositories } = instance.state;
  const there = repositories.find((row) => row.forkOf === repository.id && row.owner === owner);
  if (there !== undefined) return there;
  const fork: StoredRepository = {
    id: nextId(instance.state, 'repository'),
    owner,
    name: repository.name,
    private: repository.private,
    administrators: [],
    actions: false,
    forkOf: repository.id,
    formerNames: [],
    created: seconds(instance),
  };
  repositories.push(fork);
  return fork;
}
