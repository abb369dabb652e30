"""A walk through a pickle's opcodes that builds nothing and stops at what no data file needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from momentvos.pickles.value import UnsafePickleError, Value, check_keys, tuple_of

Maker = Callable[[Value], Value]
"""Checks the tuple of arguments of a call and says what comes of it."""

SHARED = 16
"""Values may be used so often on average before their expansion counts as an attack."""
SMALL = 1 << 20
"""Values in a pickle that are never too many."""
LONGEST_NUMBER = 64
"""Bytes of a number, and of its digits."""


def scan(
    data: bytes,
    objects: Mapping[str, Maker | None] | None = None,
    persistent: Maker | None = None,
) -> Any:
    """Walk through a pickle; return what stands for its value.

    Depth, memo, keys and the expansion of shared values are bounded by `DEEPEST` or by the length
    of `data`, so that an unpickler then needs time and memory in proportion to it.

    Args:
        data: the pickle.
        objects: what it may import, as "module.name", with the check of a call; None where it is
            a value alone. Without it, nothing may be imported or called.
        persistent: the check of a persistent id; without it, there may be none.

    Raises:
        UnsafePickleError: it is damaged, asks for something else or would exhaust the process.
    """
    return _Scan(data, objects or {}, persistent).run()


class _Scan:
    def __init__(
        self, data: bytes, objects: Mapping[str, Maker | None], persistent: Maker | None
    ) -> None:
        self.data, self.place, self.count = data, 0, 0
        self.objects, self.persistent = objects, persistent
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, steps = self.data, _STEPS
        try:
            while (code := data[self.place]) != 0x2E:  # STOP
                self.place += 1
                self.count += 1
                steps[code](self)
            value = self.stack.pop()
        except (IndexError, UnicodeDecodeError):
            raise UnsafePickleError("it is cut off or damaged") from None
        except KeyError:
            raise UnsafePickleError(f"it has an opcode {code:#04x}, which no data need") from None
        self.weigh(value)
        return value

    # Reading

    def take(self, count: int) -> bytes:
        end = self.place + count
        if end > len(self.data):
            raise UnsafePickleError("it is cut off or damaged")
        taken, self.place = self.data[self.place : end], end
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def line(self, longest: int | None = None) -> bytes:
        end = self.data.find(b"\n", self.place)
        if end < 0 or (longest is not None and end - self.place > longest):
            raise UnsafePickleError("it has a line without end")
        taken, self.place = self.data[self.place : end], end + 1
        return taken

    def digits(self) -> int:
        text = self.line(LONGEST_NUMBER).rstrip(b"L")
        try:
            return int(text)
        except ValueError:
            raise UnsafePickleError("it is cut off or damaged") from None

    def sized(self, width: int, text: bool = False) -> None:
        taken = self.take(self.number(width))
        self.stack.append(taken.decode("utf-8", "surrogatepass") if text else taken)

    # Values

    def weigh(self, value: Any) -> None:
        if isinstance(value, Value) and value.weight > max(SMALL, SHARED * self.count):
            raise UnsafePickleError("it holds the same values over and over")

    def push(self, value: Any) -> None:
        self.weigh(value)
        self.stack.append(value)

    def marked(self) -> list[Any]:
        """The values since the last mark, which ends."""
        values, self.stack = self.stack, self.marks.pop()
        return values

    def collect(self, kind: Any, values: list[Any]) -> None:
        made = Value(kind)
        made.take(values)
        self.push(made)

    def extend(self, values: list[Any], *kinds: str) -> None:
        target = self.stack[-1]
        if not isinstance(target, Value) or target.kind not in kinds:
            raise UnsafePickleError("it is cut off or damaged")
        target.take(values)
        self.weigh(target)

    def set_items(self, values: list[Any]) -> None:
        if len(values) % 2:
            raise UnsafePickleError("it is cut off or damaged")
        check_keys(values[::2])
        self.extend(values, "dict", "object")

    def add_items(self, values: list[Any]) -> None:
        check_keys(values)
        self.extend(values, "set")

    def frozen(self) -> None:
        values = self.marked()
        check_keys(values)
        self.collect("set", values)

    def dictionary(self) -> None:
        values = self.marked()
        self.push(Value("dict"))
        self.set_items(values)

    def tuple(self, count: int) -> None:
        values = self.stack[-count:]
        if len(values) < count:
            raise IndexError
        del self.stack[-count:]
        self.push(tuple_of(values))

    # Memo

    def put(self, number: int) -> None:
        # Picklers count up; an unpickler makes a table of as many places as the largest number.
        if not 0 <= number <= self.count:
            raise UnsafePickleError(f"it numbers a value {number}")
        self.memo[number] = self.stack[-1]

    def get(self, number: int) -> None:
        if number not in self.memo:
            raise UnsafePickleError("it is cut off or damaged")
        self.stack.append(self.memo[number])

    # Objects

    def ask(self, name: str) -> None:
        if name not in self.objects:
            raise UnsafePickleError(f"it asks for {name[:100]}", name[:100])
        self.stack.append(Value("global", name=name))

    def global_lines(self) -> None:
        module, name = self.line(), self.line()
        self.ask(f"{module.decode('utf-8', 'replace')}.{name.decode('utf-8', 'replace')}")

    def global_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.ask(f"{module}.{name}")

    def call(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        if not isinstance(called, Value) or called.kind != "global":
            raise UnsafePickleError("it calls what is no function")
        maker = self.objects[called.name]
        if maker is None or not isinstance(arguments, Value) or arguments.kind != "tuple":
            raise UnsafePickleError(f"it calls {called.name}", called.name)
        made = maker(arguments)
        made.name = called.name
        made.take([arguments])
        self.push(made)

    def build(self) -> None:
        state = self.stack.pop()
        if not isinstance(state, Value) or state.kind != "dict":
            raise UnsafePickleError("it gives an object another state than names and values")
        self.extend([state], "object")

    def persist(self) -> None:
        name = self.stack.pop()
        if self.persistent is None or not isinstance(name, Value) or name.kind != "tuple":
            raise UnsafePickleError("it asks for objects outside the file")
        self.push(self.persistent(name))


def _signed(scan: _Scan, width: int) -> None:
    scan.stack.append(int.from_bytes(scan.take(width), "little", signed=True))


def _long(scan: _Scan, width: int) -> None:
    count = scan.number(width)
    if count > LONGEST_NUMBER:
        raise UnsafePickleError(f"it holds a number of {count} bytes")
    _signed(scan, count)


def _float(scan: _Scan) -> None:
    scan.line(LONGEST_NUMBER)
    scan.stack.append(0.0)


def _mark(scan: _Scan) -> None:
    scan.marks.append(scan.stack)
    scan.stack = []


def _pop(scan: _Scan) -> None:
    # On an empty stack it takes the mark, as unpicklers do.
    if scan.stack:
        scan.stack.pop()
    else:
        scan.marked()


def _frame(scan: _Scan) -> None:
    if scan.number(8) > len(scan.data) - scan.place:
        raise UnsafePickleError("it is cut off or damaged")


def _protocol(scan: _Scan) -> None:
    if (number := scan.number(1)) > 5:
        raise UnsafePickleError(f"it has protocol {number}")


_STEPS: Mapping[int, Callable[[_Scan], object]] = {
    ord(code): step
    for code, step in {
        "\x80": _protocol,
        "\x95": _frame,
        "(": _mark,
        "0": _pop,
        "1": lambda scan: scan.marked(),
        "2": lambda scan: scan.stack.append(scan.stack[-1]),
        # Plain values
        "N": lambda scan: scan.stack.append(None),
        "\x88": lambda scan: scan.stack.append(True),
        "\x89": lambda scan: scan.stack.append(False),
        "I": lambda scan: scan.stack.append(scan.digits()),
        "L": lambda scan: scan.stack.append(scan.digits()),
        "J": lambda scan: _signed(scan, 4),
        "K": lambda scan: scan.stack.append(scan.number(1)),
        "M": lambda scan: scan.stack.append(scan.number(2)),
        "\x8a": lambda scan: _long(scan, 1),
        "\x8b": lambda scan: _long(scan, 4),
        "F": _float,
        "G": lambda scan: scan.stack.append(float(bool(scan.take(8)))),
        "S": lambda scan: scan.stack.append(scan.line()),
        "V": lambda scan: scan.stack.append(scan.line()),
        "T": lambda scan: scan.sized(4),
        "U": lambda scan: scan.sized(1),
        "B": lambda scan: scan.sized(4),
        "C": lambda scan: scan.sized(1),
        "\x8e": lambda scan: scan.sized(8),
        "X": lambda scan: scan.sized(4, text=True),
        "\x8c": lambda scan: scan.sized(1, text=True),
        "\x8d": lambda scan: scan.sized(8, text=True),
        # Containers
        "]": lambda scan: scan.push(Value("list")),
        "}": lambda scan: scan.push(Value("dict")),
        ")": lambda scan: scan.push(tuple_of([])),
        "\x8f": lambda scan: scan.push(Value("set")),
        "l": lambda scan: scan.collect("list", scan.marked()),
        "d": _Scan.dictionary,
        "t": lambda scan: scan.push(tuple_of(scan.marked())),
        "\x85": lambda scan: scan.tuple(1),
        "\x86": lambda scan: scan.tuple(2),
        "\x87": lambda scan: scan.tuple(3),
        "\x91": _Scan.frozen,
        "a": lambda scan: scan.extend([scan.stack.pop()], "list"),
        "e": lambda scan: scan.extend(scan.marked(), "list"),
        "s": lambda scan: scan.set_items([scan.stack.pop(), scan.stack.pop()][::-1]),
        "u": lambda scan: scan.set_items(scan.marked()),
        "\x90": lambda scan: scan.add_items(scan.marked()),
        # Memo
        "p": lambda scan: scan.put(scan.digits()),
        "q": lambda scan: scan.put(scan.number(1)),
        "r": lambda scan: scan.put(scan.number(4)),
        "\x94": lambda scan: scan.put(len(scan.memo)),
        "g": lambda scan: scan.get(scan.digits()),
        "h": lambda scan: scan.get(scan.number(1)),
        "j": lambda scan: scan.get(scan.number(4)),
        # Objects
        "c": _Scan.global_lines,
        "\x93": _Scan.global_stack,
        "R": _Scan.call,
        "\x81": _Scan.call,  # NEWOBJ
        "b": _Scan.build,
        "Q": _Scan.persist,
    }.items()
}
