#!/usr/bin/env bash
# Install the package without extras into a fresh environment, import every public name from there,
# and ask the program for help. What only an extra brings must not be needed for either.
#
# tools/check_bare_install.sh PYTHON PIP_ARGUMENTS…
set -euo pipefail
python=$1
shift

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "$@"

cd "$folder"   # so that what is imported is what was installed
venv/bin/python - <<'END'
import momentvos

for name in momentvos.__all__:
    getattr(momentvos, name)
assert "site-packages" in momentvos.__file__, momentvos.__file__
print(f"{len(momentvos.__all__)} public names can be imported without extras")
END
venv/bin/momentvos --help >help.txt
grep -q Usage help.txt
venv/bin/momentvos models
