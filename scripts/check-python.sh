#!/usr/bin/env bash
# Checks the Python package: lint, types, and two installations in clean environments, one from a wheel and one from the npm
# package. Each installation serves one request through NodeApp. Needs `npm run build`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/tools"
"$work/tools/bin/pip" install -q ruff==0.17.6 mypy==2.4.1 build==1.6.1
"$work/tools/bin/ruff" check --no-cache python/wsgi_bridge
(cd python && "$work/tools/bin/mypy" --cache-dir "$work/mypy")

cp -r python "$work/package" # a copy, because a build leaves files behind
"$work/tools/bin/python" -m build --wheel "$work/package" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

# The npm package, unpacked as `npm install` does.
mkdir -p "$work/site/node_modules"
npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null
tar --extract --file "$work"/wsgi-bridge-*.tgz --directory "$work/site/node_modules"
mv "$work/site/node_modules/package" "$work/site/node_modules/wsgi-bridge"
cp test/servers/node-app/apps/* "$work/site"

for source in "$work"/package/dist/*.whl "$work/site/node_modules/wsgi-bridge/python"; do
  python3 -m venv --clear "$work/clean"
  "$work/clean/bin/pip" install -q --disable-pip-version-check "$source"
  answer=$(cd "$work/site" && "$work/clean/bin/python" -c 'from calls import *; show(NodeApp("common.cjs:app"), "/")')
  [ "$answer" = "200 OK common" ] || { echo "NodeApp from $source responded: $answer" >&2; exit 1; }
  echo "${source#"$work"/}: installed, and NodeApp responds"
done
