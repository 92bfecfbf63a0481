#!/usr/bin/env bash
# Runs a command with what the gateway's tests can use besides Go:
#
#   URNA_TEST_POSTGRES  a PostgreSQL server of its own, in a directory that is
#                       removed afterwards; nothing listens on a network
#   URNA_TEST_PKCS11    SoftHSM2, a PKCS #11 token in software
#
# What is missing is installed from Debian where this user may. What cannot be is
# said before and after: the command then runs with SQLite and key files alone, or
# not at all if NEED_SERVICES is set.
set -euo pipefail

missing=()

root() {
	if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo -n "$@"; else return 1; fi
}

updated=
install() {
	command -v apt-get >/dev/null || return 1
	if [ -z "$updated" ]; then
		root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null || return 1
		updated=yes
	fi
	root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# Directory of initdb and pg_ctl: Debian keeps them apart from the commands.
postgres_bin() {
	local at
	for at in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v pg_ctl || echo /nowhere/x)")"; do
		if [ -x "$at/initdb" ] && [ -x "$at/pg_ctl" ]; then echo "$at"; return; fi
	done
	return 1
}

softhsm() { find /usr/lib /usr/local/lib -name libsofthsm2.so 2>/dev/null | head -n 1 | grep .; }

# The server refuses to run as root.
as_server() {
	if [ "$(id -u)" != 0 ]; then "$@"; else runuser -u "$server_user" -- "$@"; fi
}

place=
stop() {
	local code=$?
	if [ -n "$place" ]; then
		as_server "$bin/pg_ctl" -D "$place/data" -m immediate -s stop 2>/dev/null || true
		rm -rf "$place"
	fi
	for what in "${missing[@]}"; do
		echo "with-services: $what is not here and could not be installed: its tests were left out" >&2
	done
	exit "$code"
}
trap stop EXIT

postgres_bin >/dev/null || install postgresql || true
if bin=$(postgres_bin); then
	server_user=nobody
	if id postgres >/dev/null 2>&1; then server_user=postgres; fi
	# A short path: it holds the server's socket.
	place=$(mktemp -d /tmp/urna-postgres.XXXXXX)
	if [ "$(id -u)" = 0 ]; then chown "$server_user" "$place"; fi
	cd "$place"
	as_server "$bin/initdb" -D "$place/data" -U urna --auth=trust -E UTF8 --locale=C >/dev/null
	# No test cuts the power: fsync would only wait.
	as_server "$bin/pg_ctl" -D "$place/data" -l "$place/log" -w -s \
		-o "-c listen_addresses= -c unix_socket_directories=$place -c max_connections=500 -c fsync=off" start
	cd "$OLDPWD"
	export URNA_TEST_POSTGRES="postgres://urna@/postgres?host=$place"
else
	missing+=(PostgreSQL)
fi

{ softhsm && command -v cc; } >/dev/null || install softhsm2 gcc libc6-dev || true
if module=$(softhsm) && command -v cc >/dev/null; then
	export URNA_TEST_PKCS11="$module"
else
	missing+=("SoftHSM2 with a C compiler")
fi

for what in "${missing[@]}"; do
	echo "with-services: $what is not here and could not be installed: its tests are left out" >&2
done
if [ -n "${NEED_SERVICES:-}" ] && [ "${#missing[@]}" -gt 0 ]; then exit 1; fi
"$@"
