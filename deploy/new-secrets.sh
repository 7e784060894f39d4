#!/bin/sh
# Generates the secrets that nobody has to choose, and says which ones the vendors give.
# Existing files are left alone, so it may run again at any time.
#
#   sh deploy/new-secrets.sh [FOLDER]        default: secrets/ beside this script
set -eu
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
# The folder keeps other accounts of this machine out; the containers see the single files, as users of their own.
chmod 700 "$folder"
umask 022

keep() {
    [ -s "$folder/$1" ] || printf '%s\n' "$2" >"$folder/$1"
}

random() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

keep postgres_password "$(random)"
keep temporal_db_password "$(random)"
keep kingpost_db_password "$(random)"
keep secret_key "$(random)"
keep store_url "postgresql://kingpost:$(cat "$folder/kingpost_db_password")@postgres/kingpost"

for name in galaxy__main__app_secret jushuitan__main__app_secret; do
    [ -s "$folder/$name" ] || echo "still to be written by hand: $folder/$name"
done
