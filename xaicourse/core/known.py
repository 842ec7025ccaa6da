"""What PyTorch calls each operation: the one table that all readers of a network ask.

``x + y``, ``x.add_(y)``, ``torch.add(x, y)`` and ``y.__radd__(x)`` are one operation: a function
mode is told its name, `name_of` finds the row. A row has the operation's name and, in brackets, its
other names; what only marks a spelling (``add_``, ``__iadd__``) is not repeated. Each row stands
under its **kind**, and whoever treats operations alike asks for kinds: what the rules call a move
is a move for the biases too. An operation that is in no row is not read: whoever needs to know it
finds it in the autograd graph, whose own names are at the end, and refuses it.
"""

import re
from functools import lru_cache
from typing import Any

from torch import Tensor

__all__ = [
    "ATTENTION",
    "CAST",
    "ELEMENTWISE",
    "KEEPS_BOUNDS",
    "KEEPS_NUMBERS",
    "KEEPS_VALUES",
    "MAX_POOLING",
    "MULTIPLIES",
    "NODE_FACTORS",
    "NO_BIAS",
    "NUMBER_BY_NUMBER",
    "OF_SEVERAL",
    "ONE_BY_ONE",
    "PAD",
    "QUESTION",
    "RECURRENT",
    "RELU_FAMILY",
    "SHAPE",
    "SMOOTH",
    "SMOOTH_NODES",
    "TRANSPARENT",
    "has_only_the_form_of",
    "kind_of",
    "name_of",
    "names",
    "plain_name",
]

# kind -> rows: name (other names), ... A leading dot is an attribute.
OPERATIONS = {
    # -- activations: each number alone --
    "bend at 0": "relu, leaky_relu",
    "bend elsewhere": "relu6, hardtanh, clamp (clip), clamp_min, threshold",
    "smooth rise": "tanh, sigmoid (special_expit), softplus, elu",
    "other bend at 0": "prelu, abs (absolute)",
    "other activation": """
        selu, celu, gelu, silu, mish, logsigmoid (log_sigmoid), hardswish, hardsigmoid, softsign,
        tanhshrink, exp, exp2 (special_exp2), expm1 (special_expm1), log, log1p (special_log1p),
        log2, log10, sqrt, square, pow, rpow, float_power, sin, cos, tan, sinh, cosh,
        atan (arctan), asin (arcsin), asinh (arcsinh), erf (special_erf), erfc (special_erfc),
        reciprocal, rsqrt, hardshrink, softshrink, rrelu, clamp_max
    """,
    "larger of two": "maximum, minimum, fmax, fmin",
    # -- sums and products --
    "negation": "neg (negative)",
    "sum": "add (radd), sub (subtract), rsub",
    "product": "mul (multiply, rmul)",
    "quotient": "div (divide, truediv, true_divide)",
    "turned quotient": "rdiv (rtruediv)",  # c / x
    "matrix product": "matmul (linalg_matmul), mm, bmm",
    "matrix product and sum": "addmm",
    "product and sum": "addcmul, baddbmm, bilinear",
    "contraction": "einsum, tensordot, mv, dot, inner",
    "dense layer": "linear",
    "convolution": "conv1d, conv2d, conv3d",
    "transposed convolution": "conv_transpose1d, conv_transpose2d, conv_transpose3d",
    "norm": "batch_norm",
    "mean": """
        mean, sum, avg_pool1d, avg_pool2d, avg_pool3d, adaptive_avg_pool1d, adaptive_avg_pool2d,
        adaptive_avg_pool3d
    """,
    "mixture": "lerp",
    "resize": "interpolate, upsample",
    "other linear": "cumsum, fold, tril, triu",
    # -- the largest --
    "max pool": """
        max_pool1d, max_pool2d, max_pool3d,
        adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d
    """,
    "max pool and places": """
        max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices,
        adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices,
        adaptive_max_pool3d_with_indices, boolean_dispatch (fn)
    """,
    "largest": "amax, amin",
    # -- made of others: written_out.py says of which --
    "gate": "glu",
    "softmax": "softmax (special_softmax), log_softmax (special_log_softmax), softmin",
    "log sum": "logsumexp (special_logsumexp)",
    "norm of itself": "layer_norm, group_norm, instance_norm, rms_norm, local_response_norm",
    "length": "norm, linalg_vector_norm, normalize, cosine_similarity",
    "spread": "var, std, var_mean, std_mean",
    "quotient and sum": "addcdiv",
    # -- moves: each number of the result is a number of the input, or padding --
    "view": "view (view_as), reshape (reshape_as), flatten, unflatten, ravel, squeeze, unsqueeze",
    "turn": """
        permute, transpose (swapaxes, swapdims), t (.T), adjoint (.mH, .H), .mT, movedim (moveaxis),
        flip, fliplr, flipud, rot90, roll, pixel_shuffle, pixel_unshuffle,
        channel_shuffle (native_channel_shuffle)
    """,
    "part": """
        narrow, select, slice, chunk (unsafe_chunk), tensor_split, unbind, getitem,
        hsplit, vsplit, dsplit,
        split (split_with_sizes, unsafe_split, unsafe_split_with_sizes),
        index_select, gather, take_along_dim, diagonal (linalg_diagonal)
    """,
    "copies": "expand (expand_as, broadcast_to), repeat, tile, repeat_interleave, unfold",
    "same": """
        clone, contiguous, positive (pos), alias, requires_grad, real (.real),
        conj, conj_physical, resolve_conj, resolve_neg
    """,
    "cast": "to, type, type_as, float, double, half, bfloat16, cpu, cuda, xpu, mtia, ipu",
    "dropout": """
        dropout, dropout1d, dropout2d, dropout3d, alpha_dropout, feature_dropout,
        feature_alpha_dropout
    """,
    "pad": "pad, pad_in_a_circle",
    "join": "cat (concat, concatenate), stack, hstack, vstack (row_stack), dstack, column_stack",
    "write": "setitem, copy, fill, zero",
    # -- what has no gradient --
    "cut": "detach, .data",
    "comparison": """
        gt (greater), ge (greater_equal), lt (less), le (less_equal), eq, ne (not_equal), isclose
    """,
    "step": "sign, sgn, floor, ceil, round (special_round), trunc (fix)",
    "finite": "isnan, isinf, isfinite",  # the same for all finite activations
    "question": """
        dim (ndimension), size, stride, numel (nelement), len, is_contiguous, is_floating_point,
        is_complex, get_device, data_ptr, storage_offset, element_size, is_inference,
        is_neg, is_conj, is_signed, is_pinned, is_shared, is_same_size, is_set_to, is_coalesced,
        dense_dim, sparse_dim, dim_order
    """,
    "constant": """
        new_ones, new_zeros, new_full, new_empty, new_empty_strided, new_tensor,
        ones_like, zeros_like, full_like, empty_like
    """,
    "random constant": "rand_like, randn_like, randint_like",
    # -- what no rule is defined for --
    "attention": "multi_head_attention_forward, scaled_dot_product_attention",
    "recurrent layer": """
        lstm, gru, rnn_tanh, rnn_relu, lstm_cell, gru_cell, rnn_tanh_cell, rnn_relu_cell
    """,
}

# groups of kinds, by what a reader wants to know
RELU_FAMILY = frozenset({"bend at 0", "bend elsewhere"})
SMOOTH = frozenset({"smooth rise"})
ELEMENTWISE = RELU_FAMILY | SMOOTH | {"other bend at 0", "other activation", "larger of two"}
ELEMENTWISE |= {"turned quotient"}  # of one input: each number of the result is of one number
OF_SEVERAL = frozenset({"product", "matrix product", "product and sum", "contraction", "mixture"})
OF_SEVERAL |= {"log sum"}
ATTENTION = frozenset({"attention"})
RECURRENT = frozenset({"recurrent layer"})
CAST = frozenset({"cast"})
PAD = frozenset({"pad"})
QUESTION = frozenset({"question", "comparison"})
MULTIPLIES = frozenset({"product", "quotient", "turned quotient", "matrix product"})
KEEPS_VALUES = frozenset({"same", "cast", "dropout"})  # where nothing is trained
KEEPS_NUMBERS = KEEPS_VALUES | {"view", "turn", "part", "copies", "pad"}
KEEPS_BOUNDS = KEEPS_NUMBERS | {"join", "mean", "resize", "max pool", "max pool and places"}
NUMBER_BY_NUMBER = RELU_FAMILY | SMOOTH
NUMBER_BY_NUMBER |= {"other bend at 0", "other activation", "negation", "turned quotient", "norm"}
ONE_BY_ONE = NUMBER_BY_NUMBER | KEEPS_VALUES | {"sum", "product", "quotient"}
# f(a u) = a f(u) for a > 0, whatever the arguments
NO_BIAS = (KEEPS_NUMBERS - PAD) | {
    *("bend at 0", "other bend at 0", "negation", "mean", "resize", "other linear"),
    *("max pool", "max pool and places", "largest", "write", "attribute", "cut"),
}


def _rows() -> dict[str, tuple[str, str]]:
    """Return each name's operation and kind."""
    found: dict[str, tuple[str, str]] = {}
    for kind, rows in OPERATIONS.items():
        for first, others in re.findall(r"([\w.]+)(?:\s*\(([^)]*)\))?", rows):
            for name in (first, *re.findall(r"[\w.]+", others)):
                assert name not in found, f"{name} stands in two rows"
                found[name] = (first, kind)
    return found


_ROWS = _rows()


def names(*kinds: str) -> frozenset[str]:
    """Return the operations of some kinds, each by the first name of its row."""
    return frozenset(first for first, kind in _ROWS.values() if kind in kinds)


LOOKED_UP = 4096  # names that are kept as they were read: a model calls few operations, but often


def plain_name(func: Any) -> str:
    """Return a function's name without what marks its spelling: __iadd__, add_, add -> add."""
    name = getattr(func, "__name__", None)
    return _plainly(str(func) if name is None else name)


@lru_cache(LOOKED_UP)
def _plainly(name: str) -> str:
    if overwrites_by_name(name) and name.startswith("__i"):
        name = name.replace("__i", "__", 1)
    return name.strip("_")


@lru_cache(LOOKED_UP)
def overwrites_by_name(name: str) -> bool:
    """Tell whether a name marks what overwrites its first argument: ``add_`` and ``__iadd__``."""
    if name.startswith("__i") and name.endswith("__"):  # but not __invert__, __index__
        return hasattr(Tensor, name.replace("__i", "__", 1))
    return name.endswith("_") and not name.endswith("__")


def _called(func: Any) -> str:
    if getattr(func, "__name__", "") in ("__get__", "__set__"):  # x.T: an attribute is read
        attribute = getattr(func, "__self__", None)
        getter = getattr(attribute, "fget", attribute)
        return "." + getattr(getter, "__name__", "")
    return plain_name(func)


def name_of(func: Any) -> str:
    """Return the first name of the row in which a function stands, "" for one that is not read."""
    return _ROWS.get(_called(func), ("", ""))[0]


def kind_of(func: Any) -> str:
    """Return the kind of a function, "" for one that is not read."""
    name = _called(func)
    return _ROWS.get(name, ("", "attribute" if name.startswith(".") else ""))[1]


def has_only_the_form_of(func: Any) -> bool:
    """Tell whether a call takes but shape, dtype or device from its further arguments."""
    return plain_name(func).endswith("_as") or kind_of(func) in CAST


# ---- what the autograd graph calls them ----------------------------------------------------------
#
# Other names, and fewer: `ToCopyBackward0` is left by float(), double() and to().

AFFINE_NODES = """
    add sub rsub neg mul div mm bmm addmm addmv mv baddbmm dot convolution slow_conv_dilated2d
    mkldnn_convolution cudnn_convolution native_batch_norm cudnn_batch_norm miopen_batch_norm
    sum mean cumsum tril triu linear einsum lerp
""".split()
MAX_POOLING = """
    max_pool1d max_pool2d max_pool2d_with_indices max_pool3d_with_indices
    adaptive_max_pool2d adaptive_max_pool3d
""".split()
POOLING_NODES = """
    avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool2d mkldnn_adaptive_avg_pool2d
    adaptive_avg_pool3d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d
    upsample_nearest_exact2d upsample_nearest1d upsample_linear1d upsample_nearest3d
    upsample_trilinear3d
""".split()
SHAPE = """
    view reshape unsafe_view reshape_alias as_strided alias clone copy copies copy_backwards
    to_copy contiguous permute transpose t mt squeeze unsqueeze expand repeat cat stack split
    split_with_sizes unsafe_split unbind chunk narrow slice select index index_select gather flip
    roll rot90 pixel_shuffle pixel_unshuffle channel_shuffle narrow_copy pad constant_pad_nd
    reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d
    replication_pad3d masked_fill where
    unfold im2_col col2_im swapaxes movedim diagonal to_memory_format accumulate_grad
""".split()
SMOOTH_NODES = """
    softplus tanh sigmoid gelu silu softmax log_softmax exp log pow erf
    native_layer_norm native_group_norm instance_norm sqrt rsqrt
""".split()
TRANSPARENT = frozenset(AFFINE_NODES + POOLING_NODES + SHAPE + MAX_POOLING)
# Bilinear operations are affine only while no argument of the first group and none of the second
# both follow from x.
NODE_FACTORS = {
    "mul": ((0,), (1,)),
    "mm": ((0,), (1,)),
    "bmm": ((0,), (1,)),
    "mv": ((0,), (1,)),
    "dot": ((0,), (1,)),
    "addmm": ((1,), (2,)),
    "addmv": ((1,), (2,)),
    "baddbmm": ((1,), (2,)),
    "linear": ((0,), (1,)),
    "convolution": ((0,), (1,)),
    "native_batch_norm": ((0,), (1,)),
    "lerp": ((0, 1), (2,)),
}
