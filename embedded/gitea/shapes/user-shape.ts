import { isoTime, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredUser } from '../server/gitea-state.ts';

/** Go's zero time, which Gitea writes if it has no time at all; 1970 is its database's zero. */
export const neverInGo = '0001-01-01T00:00:00Z';

/** Returns a user as that user or an administrator sees it (definition `User`). */
export function userShape(
  instance: GiteaInstance,
  user: Pick<StoredUser, 'id' | 'name' | 'email' | 'administrator' | 'created'>,
) {
  return {
    id: user.id,
    login: user.name,
    login_name: '',
    source_id: 0,
    full_name: '',
    email: user.email ?? `${user.name}@noreply.localhost`,
    avatar_url: `${instance.url()}/avatars/${String(user.id)}`,
    html_url: `${instance.url()}/${user.name}`,
    language: '',
    is_admin: user.administrator,
    last_login: isoTime(0),
    created: isoTime(user.created),
    restricted: false,
    active: user.id > 0,
    prohibit_login: false,
    location: '',
    website: '',
    description: '',
    visibility: 'public',
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: user.name,
  };
}

/** Returns an owner as other users see it: a user, or an organisation known only from its repositories. */
export function ownerShape(instance: GiteaInstance, name: string) {
  const user = instance.state.users.find((row) => row.name === name);
  const { id, created } = user ?? { id: organisationId(instance, name), created: 0 };
  const seen = userShape(instance, { id, name, administrator: false, created });
  // For other users, and for an organisation, private fields have Go's zero values.
  return { ...seen, active: false, last_login: neverInGo };
}

/** Returns an organisation in the form of deliveries (definition `Organization`). */
export function organisationShape(instance: GiteaInstance, name: string) {
  return {
    id: organisationId(instance, name),
    name,
    full_name: '',
    email: '',
    avatar_url: `${instance.url()}/avatars/${name}`,
    description: '',
    website: '',
    location: '',
    visibility: 'public',
    repo_admin_change_team_access: false,
    username: name,
  };
}

/** Owners that are not users are organisations. */
export function isOrganisation(instance: GiteaInstance, name: string): boolean {
  return !instance.state.users.some((row) => row.name === name);
}

function organisationId(instance: GiteaInstance, name: string): number {
  return 10_000 + (instance.state.repositories.find((row) => row.owner === name)?.id ?? 0);
}
