#!/bin/sh
# The contract of the official images: options alone, or a configuration file alone, go to the server; started as
# root, the server owns /data and drops to its own user with no capability left.
set -eu

case ${1:-} in
    -* | *.conf) set -- "$FLAVOUR-server" "$@" ;;
esac

is_server() { case ${1:-} in redis-server | valkey-server) true ;; *) false ;; esac; }

if is_server "${1:-}" && [ "$(id -u)" = 0 ] && [ -z "${SKIP_DROP_PRIVS:-}" ]; then
    # Without the capability to read other users' files, what is the server's own already cannot be looked into.
    [ -n "${SKIP_FIX_PERMS:-}" ] || find . ! -user "$FLAVOUR" -exec chown "$FLAVOUR:$FLAVOUR" '{}' + ||
        echo "$FLAVOUR: warning: could not take ownership of everything in $PWD" >&2
    exec setpriv --reuid="$FLAVOUR" --regid="$FLAVOUR" --clear-groups --no-new-privs \
        --inh-caps=-all --ambient-caps=-all "$0" "$@"
fi

if is_server "${1:-}"; then
    # What the server writes holds user data.
    if [ "$(umask)" = 0022 ]; then umask 0077; fi
    # The official images are built with protected mode off, since other containers are not the loopback interface.
    # A configuration file decides for itself.
    case ${2:--} in
        -*) case " $* " in *' --protected-mode '*) ;; *) set -- "$@" --protected-mode no ;; esac ;;
    esac
    # shellcheck disable=SC2086
    set -- "$@" ${VALKEY_EXTRA_FLAGS:-}
fi
exec "$@"
