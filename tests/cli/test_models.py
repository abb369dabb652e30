"""``momentvos models``."""

import json


def test_lists_names_and_where_they_come_from(cli):
    result = cli("models")
    assert result.exit_code == 0
    for said in ("tgl-mini", "samwise-mevis", "tgl-base/train", "Apache-2.0", "hub id"):
        assert said in result.stdout


def test_as_json(cli):
    known = {entry["name"]: entry for entry in json.loads(cli("models", "--json").stdout)}
    assert known["tgl-mini"]["source"] == "bundled"
    assert known["tgl-base/train"]["path"] is None
    assert known["samwise-mevis"]["source"] == "public"
