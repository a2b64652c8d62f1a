#!/usr/bin/env bash
# Installs the servers that test/servers/real needs from Debian's packages. Starts no service.
set -euo pipefail

packages=(
  nginx-light
  apache2
  libapache2-mod-wsgi-py3
  lighttpd
  php-fpm
  uwsgi-core
  uwsgi-plugin-python3
)
exec "$(dirname "${BASH_SOURCE[0]}")/install-packages.sh" "${packages[@]}"
