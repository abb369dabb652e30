"""The mutators of each kind of file; what is there more often is used more often."""

from __future__ import annotations

from tests.fuzz import binary, mutate, packed, yaml_text
from tests.fuzz.mutate import Mutator

Mutators = tuple[Mutator, ...]
TEXT: Mutators = (binary.cut, binary.flip, binary.flip, binary.splice)
_VALUES: Mutators = (
    *(mutate.value,) * 4,
    *(mutate.scale,) * 3,
    *(mutate.swap, mutate.drop, mutate.nest, mutate.twice),
)
JSON: Mutators = (*_VALUES, binary.cut, binary.flip, binary.splice)
JSON_LINES: Mutators = (*map(mutate.of_a_line, _VALUES), binary.cut, binary.flip, binary.splice)
RLE: Mutators = (*JSON, *(packed.runs,) * 10)
YAML: Mutators = (*JSON, *(yaml_text.bomb, yaml_text.block, yaml_text.piece) * 2)
BINARY: Mutators = (
    *(binary.cut, binary.flip, binary.flip_header, binary.splice, binary.number, binary.number),
    *(binary.length, binary.length, binary.remove, binary.repeat, binary.exchange),
)
SAFETENSORS: Mutators = (binary.cut, binary.flip, binary.splice, *(packed.header,) * 5)
PICKLE: Mutators = (binary.cut, binary.flip, binary.splice, *(packed.opcodes,) * 5)
TORCH: Mutators = (
    *(binary.cut, binary.flip_header, binary.number, binary.remove, binary.repeat),
    *(packed.inside(packed.opcodes),) * 5,
    packed.inside(binary.flip),
)
