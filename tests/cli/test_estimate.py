"""What a batch would take: measured on a few frames, and put into words and JSON."""

import json

import pytest

from momentvos.batch.cost import Cost
from momentvos.batch.simulation import Cluster, simulate

GIVEN = ("estimate", "--frame-seconds", "0.05", "--load-seconds", "10", "--measured-frames", "4")


def test_a_model_is_measured_on_the_sample(program):
    words = ["--clips", "1000", "--seconds", "8", "--devices", "8,1", "--measured-frames", "6"]
    result = program("estimate", *words, "--json")
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout)
    rates = made["measured"]["rates"]
    assert made["measured"]["device"] in ("cpu", "cuda") and made["measured"]["frames"] == 6
    assert min(rates.values()) >= 0 and made["measured"]["peak_memory"] > 1e8
    for name in ("load", "fetched", "written", "decode", "first", "record", "conclude"):
        assert rates[name] > 0, name
    clip = {name: value for name, value in made["clip"].items() if name in Cost.__slots__}
    assert clip["model"] == pytest.approx(rates["first"] * 64)  # 8 s of 8 frames a second
    assert [row["devices"] for row in made["rows"]] == [1, 8]
    machine = {
        key: float("inf") if value is None else value for key, value in made["machine"].items()
    }
    for row in made["rows"]:
        cluster = Cluster(**machine | {"workers": row["devices"]})
        assert row["seconds"] == simulate(Cost(**clip), 1000, cluster).seconds


def test_seconds_of_a_device_that_is_not_here(cli):
    result = cli(*GIVEN, "--seconds", "10", "--bandwidth", "10Gb", "--devices", "1,1000")
    assert result.exit_code == 0, result.stderr
    assert "a device of yours" in result.stdout and "100,000 clips of 10 s" in result.stdout
    one = json.loads(cli(*GIVEN, "--seconds", "10", "--bandwidth", "10Gb", "--json").stdout)
    assert one["clip"]["model"] == pytest.approx(0.05 * 80) and one["clip"]["load"] == 10
    assert one["machine"]["store"] == 1.25e9 and one["machine"]["network"] is None
    assert one["measured"]["device"] == "" and one["machine"]["per_machine"] == 8


def test_each_further_sentence_costs_as_much_where_one_figure_is_given(cli, clip):
    made = json.loads(cli(*GIVEN, clip, "the dog", "a cat", "--json").stdout)
    assert made["clip"]["sentences"] == 2
    assert made["clip"]["model"] == pytest.approx(2 * 12 * 0.05)
    assert made["clip"]["fetched"] == pytest.approx(clip.stat().st_size)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--devices", "1,many"], "--devices 1,8,64,1000"),
        (["--devices", "0"], "--devices"),
        (["--bandwidth", "fast"], "--bandwidth 10Gb"),
        (["--network", "0Gb"], "--network 10Gb"),
        (["nowhere.mp4", "the dog"], "nowhere.mp4"),
        (["--model", "tgl-mimi"], "tgl-mimi"),
    ],
)
def test_what_cannot_be_estimated(cli, words, said):
    result = cli("estimate", *words)
    assert result.exit_code == 2
    assert said in result.stderr and "Traceback" not in result.output
