/** What a jail is made with; every path is absolute. */
export interface JailPlan {
  /** `unshare` of util-linux, 2.36 or later. */
  readonly unshare: string;
  /** The command sees itself as this user and this group, as outside. */
  readonly user: number;
  readonly group: number;
  /** Sockets and files that must not be reachable: each is covered by an empty device. */
  readonly coveredFiles: readonly string[];
  /** Folders that must not be reachable: each is covered by an empty folder in memory. */
  readonly coveredFolders: readonly string[];
  /** PEM of the authority that the command's programs trust. It is written into the jail's own memory. */
  readonly authority: string;
  /** Files in the jail's own memory that the command may write and that nobody reads. */
  readonly scratchFiles: readonly string[];
  /** Program and words that make the listener; its socket goes to the helper over the channel on descriptor 3. */
  readonly listener: readonly string[];
}

/** The jail's own folder, in memory. */
export const jailFolder = '/run/keyturn';
/** Where the programs in the jail find the authority. */
export const jailAuthority = `${jailFolder}/authority.pem`;

/** What the script exits with if it cannot make the jail; no command has run then. */
export const jailFailure = 125;

/**
 * The words that run a command in a jail: new user, network, mount, process and IPC namespaces. `--kill-child` ends
 * everything inside when the outer process ends. Source: unshare(1), user_namespaces(7), mount_namespaces(7).
 */
export function jailWords(plan: JailPlan, command: readonly string[]): readonly string[] {
  const lists = [plan.coveredFiles, plan.coveredFolders, plan.scratchFiles].map((paths) => paths.join('\n'));
  const words = ['keyturn-jail', String(plan.user), String(plan.group), ...lists, plan.authority];
  const counted = [String(plan.listener.length), ...plan.listener];
  return [...namespaces(plan.unshare), '/bin/sh', '-c', script, ...words, ...counted, ...command];
}

/** The words that only try whether a jail can be made here. */
export function probeWords(unshare: string, user: number, group: number): readonly string[] {
  const words = ['keyturn-jail', String(user), String(group), '', '', '', '', '0'];
  return [...namespaces(unshare), '/bin/sh', '-c', script, ...words, '/bin/true'];
}

function namespaces(unshare: string): readonly string[] {
  const kinds = ['--user', '--map-root-user', '--net', '--mount', '--pid', '--ipc'];
  return [unshare, ...kinds, '--fork', '--kill-child=KILL', '--propagation', 'private', '--mount-proc'];
}

/**
 * Runs as the first process of the jail, as its root. In this order: the loopback; what the kernel shows of itself, to be
 * read only; the places that lead out of the jail, covered; the listener. The command then runs in a further user
 * namespace, with its own user, without capabilities, and unable to gain any: what is covered stays so, because a mount of
 * a namespace with more rights cannot be undone from one with fewer. The script stays as the first process, reaps, and ends
 * everything inside when the command ends. It uses no program from the PATH of the job.
 */
const script = `
fail() { echo "keyturn-fetch: no jail: $1" >&2; exit ${String(jailFailure)}; }
path=\${PATH-}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
user=$1 group=$2 files=$3 folders=$4 scratch=$5 authority=$6 count=$7
shift 7
set -f
IFS='
'
quiet() { "$@" >/dev/null 2>&1; }
here=$(pwd -P) || fail 'there is no working folder'

quiet ip link set lo up || quiet ifconfig lo up || {
  quiet mount -n -t sysfs sysfs /sys && echo 0x9 2>/dev/null >/sys/class/net/lo/flags && quiet umount /sys
} || fail 'its loopback does not come up: install iproute2'

if quiet mount -n -t sysfs sysfs /sys; then
  quiet mount -n -o remount,bind,ro /sys || fail '/sys can be written'
else
  quiet mount -n -t tmpfs -o ro tmpfs /sys || fail '/sys is shown'
fi
quiet mount -n --bind /proc/sys /proc/sys && quiet mount -o remount,bind,ro /proc/sys || fail '/proc/sys can be written'

room=/media
[ -d "$room" ] || room=/mnt
[ -d "$room" ] || room=/srv
quiet mount -n -t tmpfs -o mode=0755 tmpfs "$room" || fail 'no file system in memory can be mounted'
for device in null zero full random urandom; do
  : >"$room/$device" && quiet mount -n --bind "/dev/$device" "$room/$device" || fail "/dev/$device is missing"
done
mkdir -m 1777 "$room/shm" && mkdir "$room/pts" || fail '/dev is not built'
quiet mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$room/pts" && ln -s pts/ptmx "$room/ptmx"
ln -s /proc/self/fd "$room/fd"
ln -s /proc/self/fd/0 "$room/stdin"
ln -s /proc/self/fd/1 "$room/stdout"
ln -s /proc/self/fd/2 "$room/stderr"
quiet mount -n -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$room/shm" || fail '/dev/shm is shown'
quiet mount -n --move "$room" /dev || fail '/dev is shown'

for file in $files; do
  quiet mount -n --bind /dev/null "$file" || [ ! -e "$file" ] || fail "$file is shown"
done

quiet mount -n -t tmpfs -o mode=0755 tmpfs "$room" || fail 'no file system in memory can be mounted'
mkdir -m 0755 "$room/keyturn" && mkdir -m 1777 "$room/lock" || fail '/run is not built'
if [ -d /run/act ]; then
  # The runner keeps the actions themselves here.
  mkdir "$room/act" && quiet mount -n --rbind /run/act "$room/act" || fail '/run/act is not shown'
fi
if [ -d /var/run ] && [ ! -L /var/run ]; then
  if [ -d /var/run/act ] && [ ! -d "$room/act" ]; then
    mkdir "$room/act" && quiet mount -n --rbind /var/run/act "$room/act" || fail '/var/run/act is not shown'
  fi
  quiet mount -n --rbind "$room" /var/run || fail '/var/run is shown'
fi
quiet mount -n --move "$room" /run || fail '/run is shown'
for folder in $folders; do
  quiet mount -n -t tmpfs -o mode=0755,ro tmpfs "$folder" || [ ! -e "$folder" ] || fail "$folder is shown"
done
printf '%s' "$authority" >${jailAuthority} && chmod 0644 ${jailAuthority} || fail 'the authority is not written'
for file in $scratch; do
  : >"$file" && chmod 0666 "$file" || fail "$file is not made"
done

# Through a folder that was entered before, the way up would lead to what is covered now.
cd / && quiet cd "$here" || fail "the working folder $here lies in a covered place"

within() {
  unshare --user --map-user="$user" --map-group="$group" --keep-caps -- \\
    setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all --no-new-privs -- "$@"
}
quiet within /bin/true || fail 'setpriv and unshare of util-linux 2.36 or later are missing'

if [ "$count" -gt 0 ]; then
  call=
  position=0
  while [ "$position" -lt "$count" ]; do
    position=$((position + 1))
    call="$call \\"\\\${$position}\\""
  done
  channel="NODE_CHANNEL_FD=\${NODE_CHANNEL_FD-} NODE_CHANNEL_SERIALIZATION_MODE=\${NODE_CHANNEL_SERIALIZATION_MODE-}"
  eval "env -i $channel $call" </dev/null >/dev/null || fail 'the helper does not listen in it'
  shift "$count"
  exec 3>&-
fi
unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE IFS
# A command in the background would get an empty input.
exec 4<&0
within /bin/sh -c 'PATH=$0; export PATH; exec "$@"' "$path" "$@" <&4 4<&- &
exec 4<&-
wait $!
exit $?
`;
