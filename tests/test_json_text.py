"""No file and no line of ours holds what JSON does not have."""

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import momentvos
from momentvos.errors import OutputError
from momentvos.json_text import finite, to_text

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refuse(constant):
    raise AssertionError(constant)


@given(PLAIN, st.booleans())
def test_what_is_written_is_json(value, ascii_only):
    text = to_text(finite(value), ensure_ascii=ascii_only)
    assert json.loads(text.encode(), parse_constant=refuse) == finite(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(OutputError, match="no finite number"):
        to_text({"a": [0.5, value]})
    assert finite({"a": (0.5, value)}) == {"a": [0.5, None]}


def test_no_code_writes_json_past_the_check():
    sources = Path(momentvos.__file__).parent.rglob("*.py")
    found = [path.name for path in sources if re.search(r"\bjson\.dumps?\(", path.read_text())]
    assert found == ["json_text.py"]
