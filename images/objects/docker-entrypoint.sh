#!/bin/sh
# Serves /data over S3 on port 9000 with the credentials of MINIO_ROOT_USER and MINIO_ROOT_PASSWORD (or the files that
# *_FILE name). Without them rclone would serve everybody: then it does not start.
set -eu

fail() { printf 'objects: error: %s\n' "$1" >&2; printf '  next: %s\n' "$2" >&2; exit 2; }

if [ -n "${MINIO_ROOT_USER_FILE:-}" ]; then MINIO_ROOT_USER=$(cat "$MINIO_ROOT_USER_FILE"); fi
if [ -n "${MINIO_ROOT_PASSWORD_FILE:-}" ]; then MINIO_ROOT_PASSWORD=$(cat "$MINIO_ROOT_PASSWORD_FILE"); fi
[ -n "${MINIO_ROOT_USER:-}" ] || fail 'there is no access key' 'set MINIO_ROOT_USER'
[ -n "${MINIO_ROOT_PASSWORD:-}" ] || fail 'there is no secret key' 'set MINIO_ROOT_PASSWORD'
case $MINIO_ROOT_USER$MINIO_ROOT_PASSWORD in
    *,*) fail 'a comma stands in a key, and rclone reads it as the end of the access key' 'choose keys without a comma' ;;
esac
case $MINIO_ROOT_USER in
    *[[:space:]]*) fail 'white space stands in the access key, and no signature can carry it' 'choose a key without it' ;;
esac

# rclone reads the variable as one line of CSV: a quoted field for each pair, with its double quotes doubled. The second,
# APP_KEYS, is another key for the same buckets: rclone has no policies.
field() { printf '%s' "$1" | sed 's/"/""/g; s/.*/"&"/'; }
RCLONE_AUTH_KEY=$(field "$MINIO_ROOT_USER,$MINIO_ROOT_PASSWORD")${APP_KEYS:+,$(field "$APP_KEYS")}
export RCLONE_AUTH_KEY
unset MINIO_ROOT_USER MINIO_ROOT_PASSWORD APP_KEYS
exec rclone serve s3 --addr :9000 "$@" /data
