import type { CommandRow } from '../command-line/command-row.ts';

export const startRow = {
  name: 'start',
  summary: 'shows the whole job on this machine, without Azure',
  about: `Shows the whole job on this machine, without Azure: thirty days of history are replayed through the real collectors and
the real rotation, then a secret nears its expiry, is rotated, fetched by a job, and accounted for in a signed report.
The portal stays open until you press Ctrl+C.`,
  options: {
    once: { says: 'ends when the report is done' },
    json: { says: 'prints the result as one line of JSON, last; progress goes to standard error' },
    data: { value: 'DIR', says: 'keeps everything in this folder (default: .keyturn/start, made anew each time)' },
    port: { value: 'N', says: 'port of the portal (default: 7071; with --once a free one)' },
  },
  examples: ['keyturn start --once --json'],
} as const satisfies CommandRow;

export const cloudRow = {
  name: 'cloud',
  summary: 'keeps a cloud up on this machine, to try the other commands against',
  about: `Keeps a key vault, its log, Gitea with a runner and an identity provider up on this machine, with a few secrets, and
prints the settings of a service in it as an environment file. A page says what is where. Everything speaks the real
protocols on loopback, runs by the machine's time and ends with this command; nothing is kept.
docs/getting-started.md goes on from here.`,
  options: {
    env: { value: 'FILE', says: 'writes the settings to this file, readable by you alone (default: standard output)' },
    data: { value: 'DIR', says: 'keeps its files in this folder (default: .keyturn/cloud, made anew each time)' },
    port: { value: 'N', says: 'port of the page (default: 7070)' },
    portal: { value: 'N', says: 'port that keyturn serve is to take (default: 7071)' },
    json: { says: 'prints the address of the page and the settings as one line of JSON' },
  },
  examples: ['keyturn cloud --env cloud.env'],
} as const satisfies CommandRow;

export const serveRow = {
  name: 'serve',
  summary: 'runs beside Gitea: rotates, collects, reports, shows the portal',
  about: `Runs Keyturn beside Gitea: rotates by events and by the clock, collects jobs and log rows, writes reports, shows the
portal. The settings are KEYTURN_... environment variables; docs/settings.md lists them, and these are enough to begin:
KEYTURN_VAULTS, KEYTURN_IDENTITY_KIND, KEYTURN_GITEA_URL with KEYTURN_GITEA_TOKEN, KEYTURN_LOG_WORKSPACE_ID and a folder
for records. Without a policy it observes and rotates nothing. Without an identity provider it listens on this machine
alone and prints a sign-in link that works once. Its log goes to standard error.`,
  options: {
    role: {
      value: 'ROLE',
      says: 'which work this process does (KEYTURN_ROLE)',
      choices: ['rotate', 'report', 'broker', 'all'],
    },
    data: { value: 'DIR', says: 'the folder for all records (KEYTURN_DATA)' },
    json: { says: 'writes the log as lines of JSON, also on a terminal (KEYTURN_LOG_FORMAT)' },
  },
  examples: ['keyturn serve --data /var/lib/keyturn'],
} as const satisfies CommandRow;
