#!/bin/sh
# Rolls the build of this folder out without a pause. Before: `git pull`, and another version in docker-compose.yml (the
# image's tag and KINGPOST_WORKER__BUILD_ID). Interrupted at any point it may be run again.
#
#   sh deploy/roll-out.sh                    WORKERS as for docker compose
set -eu
cd "$(dirname "$0")/.."

old=$(docker compose ps --quiet worker)
beside=$(($(printf '%s' "$old" | grep -c . || true) + ${WORKERS:-2}))

# Tables first, since the new build needs them and the old one does not mind; then the new workers beside the old ones.
docker compose build worker
docker compose run --rm --no-deps prepare
docker compose up --detach --no-deps --no-recreate --scale "worker=$beside" worker

# New work goes to the new build, and what is under way follows at its next step.
docker compose run --rm --no-deps prepare python -m deploy.promote

# The old workers finish what they have in hand; what they could not finish is tried again by the new ones.
for container in $old; do
    docker stop "$container"
    docker rm "$container"
done
