#!/usr/bin/env bash
# Prints the script of the demo: over January's departures, or a year's in a directory.
#   scripts/demo.sh [DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${1:-}" ]; then
    cat examples/sql/flights.sql
    exit
fi
# The year's months are sorted as text is: whoever waits less than a year for rows drops most of them.
sed -e "s|examples/data|$1|" -e "s|\(WATERMARK FOR .* - INTERVAL\) '[0-9]*' [A-Z]*|\1 '12' MONTH|" examples/sql/flights.sql
