#!/bin/sh
# Installs the servers that `npm run test:servers` rotates against, and the proxies that check deploy/, from Debian's
# packages. Needs root.
# The packages' own services are not used: the tests start servers of their own on free ports in temporary folders.
set -eu
if ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && command -v mariadbd >/dev/null && command -v redis-server >/dev/null \
  && test -x /usr/sbin/pgbouncer && test -x /usr/sbin/rabbitmq-server && test -x /usr/sbin/nginx && command -v caddy >/dev/null; then
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# A package's service must not start beside the tests.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT
apt-get update -q
apt-get install -q -y --no-install-recommends postgresql pgbouncer mariadb-server redis-server rabbitmq-server openssh-client nginx-light caddy
