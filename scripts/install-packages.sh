#!/usr/bin/env bash
# Installs the Debian packages that the arguments name, unless all are installed. Starts no service.
set -euo pipefail

missing=()
for package in "$@"; do
  dpkg --status "$package" 2>/dev/null | grep --quiet '^Status: .* installed$' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id --user)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update --quiet=2
# At run level 1, Debian's packages start no services.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
  apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}"
