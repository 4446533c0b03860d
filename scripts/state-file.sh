#!/bin/sh
# Writes the state of an instance or group to a file, whole or not at all: for programs that look at one.
#
#   [[instance.web.hook]]
#   on        = ["master", "backup", "fault", "stop"]
#   command   = ["/etc/bellwether/scripts/state-file.sh", "/run/web.state"]
#   arguments = "keepalived"                # INSTANCE web MASTER 150
set -eu
file=$1 state=$4
new=$(mktemp "$file.XXXXXX")
trap 'rm -f "$new"' EXIT
printf '%s\n' "$state" > "$new"
chmod 644 "$new"
mv "$new" "$file"
