"""Answers of odd kinds: `check` must give a verdict, and raise nothing."""

import collections
import io
import socket
import sys
import threading
import types
from pathlib import Path

import torch


def raises(*_, **__):
    raise ValueError("no")


def raises_other(*_, **__):
    raise RuntimeError("never")


class PropertyFunc:
    func = property(raises)


class AttributeRaises:
    __getattr__ = raises_other


class AllRaises:
    def __getattribute__(self, name):
        raise KeyError(name)


class ClassRaises:
    __class__ = property(raises)


class ModuleRaises:
    __module__ = property(raises)


class IterList(list):
    __iter__ = __len__ = __getitem__ = raises


class ValuesDict(dict):
    values = items = keys = __iter__ = raises_other


class StripStr(str):
    strip = lower = raises


class IterTuple(tuple):
    __iter__ = raises_other


class EqualRaises:
    __eq__ = __hash__ = __bool__ = __len__ = raises


class ReprRaises:
    __repr__ = __str__ = __format__ = raises


class OddMapping(collections.abc.Mapping):
    __getitem__ = __iter__ = __len__ = raises


class Meta(type):
    def __getattribute__(cls, name):
        raise LookupError(name)


class OfMeta(metaclass=Meta):
    pass


class ReduceExits:
    def __reduce__(self):
        sys.exit(3)


class ReduceRaises:
    def __reduce__(self):
        raise BaseException("no")


class ReduceForever:
    def __reduce__(self):
        return ReduceForever, (ReduceForever(),)


class NameIsNoString:
    __module__ = 3
    __name__ = None


class ErrorWithoutWords(Exception):
    __str__ = raises


class ReduceMute:
    def __reduce__(self):
        raise ErrorWithoutWords


class OddTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise ValueError("no torch")


def itself():
    made = []
    made.append(made)
    return made


def itself_in_a_table():
    made = {}
    made["a"] = made
    return made


def deep():
    made = []
    for _ in range(100_000):
        made = [made]
    return made


def module():
    made = types.ModuleType("my_module")
    made.__file__ = "/no/such/file.py"
    return made


def odd_module_of():
    made = types.ModuleType("odd_file_of_mine")
    made.__file__ = 5
    sys.modules["odd_file_of_mine"] = made
    made.function = types.FunctionType((lambda: 1).__code__, {"__name__": "odd_file_of_mine"})
    made.function.__module__ = "odd_file_of_mine"
    return made.function


THINGS = {
    "property_func": PropertyFunc,
    "attribute_raises": AttributeRaises,
    "all_raises": AllRaises,
    "class_raises": ClassRaises,
    "module_raises": ModuleRaises,
    "iter_list": lambda: IterList([1, 2]),
    "values_dict": lambda: ValuesDict(a=1),
    "strip_str": lambda: StripStr("a"),
    "iter_tuple": lambda: IterTuple((1, 2)),
    "equal_raises": EqualRaises,
    "repr_raises": ReprRaises,
    "odd_mapping": OddMapping,
    "of_meta": lambda: type.__call__(OfMeta),
    "reduce_exits": ReduceExits,
    "reduce_raises": ReduceRaises,
    "reduce_forever": ReduceForever,
    "reduce_mute": ReduceMute,
    "name_is_no_string": NameIsNoString,
    "odd_tensor": lambda: torch.ones(3).as_subclass(OddTensor),
    "itself": itself,
    "itself_in_a_table": itself_in_a_table,
    "deep": deep,
    "module": module,
    "function_of_an_odd_module": odd_module_of,
    "meta_tensor": lambda: torch.ones(3, device="meta"),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "lone_surrogate": lambda: "\ud800",
    "file": lambda: Path(__file__).open(),  # noqa: SIM115
    "socket": socket.socket,
    "thread": threading.Thread,
    "frame": sys._getframe,
    "generator": lambda: (k for k in range(3)),
    "string_stream": io.StringIO,
    "pair_with_raises": lambda: (1.0, AttributeRaises()),
    "table_with_raises": lambda: {"a": PropertyFunc(), "b": [IterList([1])]},
    "large_number": lambda: 10**5000,
}
