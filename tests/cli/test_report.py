"""The summary after ``momentvos run`` says what the model may say, and no more."""

from pathlib import Path

import pytest

from momentvos import Prediction
from momentvos.cli.report import summary
from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment

KNOWN = "MomentWorld sprites"


def answer(found, domain, in_domain):
    moment = Moment([(0, 0)]) if found else Moment.empty()
    return Prediction(
        video=VideoFacts("clip.mp4", 6, 4, 10.0, 1, 0.1),
        sentence="the man",
        model="tgl-mini",
        found=found,
        presence=0.25,
        moment=moment,
        seconds=((0.0, 0.1),) if found else (),
        relevance=(0.5,),
        scores=(0.5,),
        masklet=Masklet((4, 6)),
        domain=domain,
        in_domain=in_domain,
    )


@pytest.mark.parametrize(
    ("found", "domain", "in_domain", "line"),
    [
        (True, KNOWN, True, "yes"),
        (True, KNOWN, False, "yes"),
        (False, None, None, "no, the model finds nothing in the video that the sentence means"),
        (False, KNOWN, None, f"no, nothing that this model knows ({KNOWN}) matches the sentence"),
        (False, KNOWN, True, f"no, nothing that this model knows ({KNOWN}) matches the sentence"),
        (
            False,
            KNOWN,
            False,
            f"cannot tell, nothing that this model knows ({KNOWN}) looks like the video",
        ),
        (False, None, False, "cannot tell, nothing that this model knows looks like the video"),
    ],
)
def test_what_is_found_is_said_of_what_the_model_knows(found, domain, in_domain, line):
    lines = summary(answer(found, domain, in_domain), Path("out")).splitlines()
    assert lines[1] == f"  found    {line} (presence 0.25)"
    assert any("knows MomentWorld sprites only" in one for one in lines) == (domain is not None)
