import io

import numpy as np
import pytest
from PIL import Image

from momentvos import Moment, Prediction
from momentvos.errors import OutputError
from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.results.timeline import timeline


def prediction(length=20, spans=((5, 12),), sentence="the dog that jumps", found=True):
    times = [n / 10 for n in range(length)]
    moment = Moment(spans)
    return Prediction(
        video=VideoFacts("clip.mp4", 64, 48, 10.0, length, length / 10),
        sentence=sentence,
        model="tgl-mini",
        found=found,
        presence=0.9 if found else 0.1,
        moment=moment,
        seconds=tuple(moment.seconds(times, [0.1] * length)),
        relevance=tuple(float(n in moment) for n in range(length)),
        scores=(0.5,) * length,
        masklet=Masklet((48, 64)),
    )


def draw(*arguments, **options):
    target = io.BytesIO()
    timeline(*arguments, target, **options)
    image = Image.open(target)
    image.load()
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize(
    "case",
    [
        prediction(),
        prediction(1, [(0, 0)]),
        prediction(9000, [(0, 1), (5000, 8999)]),
        prediction(spans=(), found=False),
        prediction(sentence="$a_b\\frac{ " * 300),
        prediction(sentence="x" * 2000),
        prediction(sentence="跳跃的狗 🐶"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_it_is_a_picture_whatever_the_prediction(case):
    assert draw(case).shape == (408, 1200, 3)


def test_the_span_is_shaded_where_it_lies():
    shaded = draw(prediction()) - draw(prediction(spans=()))
    columns = np.flatnonzero(abs(shaded[150:160]).sum((0, 2)))
    first, last = (columns[0] - 43) / 1146, (columns[-1] - 43) / 1146
    assert first == pytest.approx(5 / 20, abs=0.02)
    assert last == pytest.approx(13 / 20, abs=0.02)


def test_truth_verdict_and_uneven_times_are_shown():
    plain = draw(prediction())
    assert not np.array_equal(plain, draw(prediction(), truth=Moment([(2, 7)])))
    assert not np.array_equal(plain, draw(prediction(found=False)))
    assert not np.array_equal(plain, draw(prediction(), times=[(n / 20) ** 2 for n in range(20)]))


def test_to_a_file(tmp_path):
    timeline(prediction(), tmp_path / "timeline.png")
    assert Image.open(tmp_path / "timeline.png").format == "PNG"
    with pytest.raises(OutputError, match="cannot be written"):
        timeline(prediction(), tmp_path / "none" / "timeline.png")
