from dataclasses import replace

import pytest

from momentvos.data.formats.mevis import read
from momentvos.errors import OutputError
from momentvos.evaluation.manifest import NAME, Manifest, questions, weights


@pytest.fixture
def manifest(small_world):
    asked = questions(read(small_world()))
    return Manifest("mevis", "valid_u", "tgl-mini", weights("tgl-mini"), "model", 2, 6, asked)


def test_a_folder_belongs_to_one_run(manifest, tmp_path):
    manifest.claim(tmp_path / "out")
    manifest.claim(tmp_path / "out")
    for key, value in [("grounder", "oracle"), ("weights", "0"), ("expressions", 7)]:
        verb = "is" if key == "grounder" else "are"
        with pytest.raises(OutputError, match=f"its {key} {verb} '"):
            replace(manifest, **{key: value}).claim(tmp_path / "out")


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff"])
def test_another_file_of_that_name_is_refused(manifest, tmp_path, text):
    (tmp_path / NAME).write_text(text, "latin-1")
    with pytest.raises(OutputError, match="not of this program"):
        manifest.claim(tmp_path)


def test_digests_tell_apart(small_world, tmp_path):
    samples = read(small_world())
    assert questions(samples) != questions(samples[1:]) != questions(samples[::-1])
    assert len(weights("tgl-mini")) == 16 and weights("owner/name") == ""
    (tmp_path / "config.json").write_text("{}")
    before = weights(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"1")
    assert before != weights(str(tmp_path))
