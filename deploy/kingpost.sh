#!/bin/sh
# The command `kingpost` of the image, e.g. `docker compose exec worker kingpost documents search …`.
exec python /app/cli.py "$@"
