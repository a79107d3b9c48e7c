#!/bin/bash
# Initialises a new database cluster on first start, then becomes the server. The contract (variables, *_FILE forms,
# initdb.d, refusal of old mounts) is that of the official `postgres` image, with one difference: the cluster is made
# beside PGDATA and takes its name only when complete, so that a first start cut short is simply done again.
set -Eeo pipefail

fail() { printf 'postgres: error: %s\n' "$1" >&2; printf '  next: %s\n' "$2" >&2; exit 1; }

# Sets a variable from itself, from the file that NAME_FILE names, or from a default.
from_file() {
    local name=$1 default=${2:-} file_name="$1_FILE"
    [ -z "${!name:-}" ] || [ -z "${!file_name:-}" ] || fail "$name and $file_name are both set" "keep one of them"
    local value=${!name:-$default}
    if [ -n "${!file_name:-}" ]; then value=$(<"${!file_name}"); fi
    export "$name=$value"
    unset "$file_name"
}

only_asks_for_information() {
    local argument
    for argument; do
        case $argument in -'?' | --help | --describe-config | -V | --version) return 0 ;; esac
    done
    return 1
}

prepare_directories() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 0700 "$PGDATA" 2>/dev/null || true
    chmod 3775 /var/run/postgresql 2>/dev/null || true
    if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then mkdir -p "$POSTGRES_INITDB_WALDIR"; fi
    [ "$(id -u)" = 0 ] || return 0
    if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then chown -R postgres "$POSTGRES_INITDB_WALDIR"; fi
    # The directory above PGDATA takes the cluster while it is being made.
    case $PGDATA in "/var/lib/postgresql/$PG_MAJOR/docker") chown postgres "/var/lib/postgresql/$PG_MAJOR" ;; esac
    find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres '{}' +
}

# A cluster or a mount where an older image kept its data would be ignored silently: refuse instead.
refuse_old_mounts() {
    local directory
    for directory in /var/lib/postgresql /var/lib/postgresql/data /var/lib/postgresql/*/docker; do
        [ ! -s "$directory/PG_VERSION" ] ||
            fail "$directory holds a cluster of version $(<"$directory/PG_VERSION"), and PGDATA is $PGDATA" \
                'dump it with its own version and restore it here, or set PGDATA to that directory'
    done
    if [ "$PGDATA" != /var/lib/postgresql/data ] && grep -q ' /var/lib/postgresql/data ' /proc/self/mountinfo; then
        fail '/var/lib/postgresql/data is a mount, and nothing would be kept in it' \
            'mount the volume at /var/lib/postgresql'
    fi
}

require_password() {
    [ -n "$POSTGRES_PASSWORD" ] || [ "${POSTGRES_HOST_AUTH_METHOD:-}" = trust ] ||
        fail 'there is no superuser password' 'set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE'
    [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ] ||
        echo 'postgres: warning: POSTGRES_HOST_AUTH_METHOD=trust lets everybody in without a password' >&2
}

# The server looks its own user up by name; a uid that the image does not know gets one for the length of initdb.
name_this_user() {
    getent passwd "$(id -u)" >/dev/null && return 0
    NSS_WRAPPER_PASSWD=$(mktemp) NSS_WRAPPER_GROUP=$(mktemp)
    echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >"$NSS_WRAPPER_PASSWD"
    echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
    LD_PRELOAD=$(echo /usr/lib/*/libnss_wrapper.so)
    export LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

forget_this_user() {
    [ -z "${NSS_WRAPPER_PASSWD:-}" ] || rm -f "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
    unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

make_cluster() {
    local -a extra=()
    if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then extra=(--waldir "$POSTGRES_INITDB_WALDIR"); fi
    name_this_user
    # POSTGRES_INITDB_ARGS is shell-quoted text: that is what the variable means in the official image.
    eval "extra+=($POSTGRES_INITDB_ARGS)"
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${extra[@]}"
    forget_this_user
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption "$@")}" >>"$PGDATA/pg_hba.conf"
}

# pg_ctl hands its options to /bin/sh: each one in single quotes.
quoted() {
    local argument
    for argument; do printf " '%s'" "${argument//\'/\'\\\'\'}"; done
}

# Scripts that are sourced may call this by its name in the official image; a --dbname of their own wins.
docker_process_sql() {
    psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"
}

create_database() {
    [ -z "$(docker_process_sql --dbname postgres --tuples-only -v name="$POSTGRES_DB" \
        <<<"SELECT 1 FROM pg_database WHERE datname = :'name'")" ] || return 0
    docker_process_sql --dbname postgres -v name="$POSTGRES_DB" <<<'CREATE DATABASE :"name"'
}

run_script() {
    echo "postgres: $1"
    # shellcheck source=/dev/null
    case $1 in
        *.sh) if [ -x "$1" ]; then "$1"; else . "$1"; fi ;;
        *.sql) docker_process_sql --file "$1" ;;
        *.sql.gz) gunzip -c "$1" | docker_process_sql ;;
        *.sql.xz) xzcat "$1" | docker_process_sql ;;
        *.sql.zst) zstd -dc "$1" | docker_process_sql ;;
        *) echo "postgres: ignored $1" ;;
    esac
}

# Makes the database and runs the scripts on a server that only this container's socket reaches.
fill_cluster() {
    local script
    export PGHOST='' PGHOSTADDR='' PGPASSWORD="$POSTGRES_PASSWORD"
    # Its end must not wait for an archive that nobody has made yet.
    NOTIFY_SOCKET='' pg_ctl -D "$PGDATA" -w start \
        -o "$(quoted "$@" -c listen_addresses= -c archive_mode=off -p "${PGPORT:-5432}")"
    create_database
    for script in /docker-entrypoint-initdb.d/*; do
        [ ! -f "$script" ] || run_script "$script"
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGHOST PGHOSTADDR PGPASSWORD
}

first_start() {
    refuse_old_mounts
    require_password
    shift
    local final=$PGDATA staging=$PGDATA.unfinished
    # A cluster cannot be renamed onto a mount point, or in a directory that is not ours: there it is made in place.
    if [ -w "$(dirname "$final")" ] && ! mountpoint -q "$final"; then
        rm -rf "$staging"
        rmdir "$final" || fail "$final is not empty and holds no cluster" 'empty it, or set PGDATA to another directory'
        export PGDATA=$staging
    fi
    make_cluster "$@"
    fill_cluster "$@"
    if [ "$PGDATA" != "$final" ]; then
        mv -T "$PGDATA" "$final"
        sync "$final" "$(dirname "$final")"
        export PGDATA=$final
    fi
    echo 'PostgreSQL init process complete; ready for start up.'
}

main() {
    if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
    if [ "${1:-}" != postgres ] || only_asks_for_information "$@"; then exec "$@"; fi
    # Before privileges are dropped: a secret's file may be readable by root alone.
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS
    prepare_directories
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    if [ -s "$PGDATA/PG_VERSION" ]; then
        echo 'postgres: the data directory holds a cluster; initialisation skipped'
    else
        first_start "$@"
    fi
    exec "$@"
}

main "$@"
