#!/usr/bin/env bash
# Installs the clients that test/third-party needs from Debian's packages. Starts no service.
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/install-packages.sh" git litmus chromium
