"""What torch says of a backward pass that fails, in words that tell what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from xaicourse.core.recomputation import is_of_a_checkpoint, refusal

__all__ = ["explained_errors"]


@contextmanager
def explained_errors(error_type: type[ValueError] = ValueError) -> Iterator[None]:
    """Say how a checkpoint or cuDNN is switched off, and which operations cannot go backwards."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if is_of_a_checkpoint(error):
            raise refusal(error_type) from error
        if "cudnn RNN backward" in str(error):
            raise error_type(
                "the model has a recurrent layer (nn.LSTM, nn.GRU or nn.RNN) on a GPU, where "
                "cuDNN computes gradients in training mode only; do not call model.train(), which "
                "would switch dropout on, but switch cuDNN off for the call: "
                "with torch.backends.cudnn.flags(enabled=False): ..."
            ) from error
        if "modified by an inplace operation" in str(error):
            raise error_type(
                "the model writes in place into a tensor that its own gradient needs, so that "
                "torch has no gradient of it; write into a copy, h = h.clone(), or without "
                f"overwriting (torch says: {str(error).partition(' Hint')[0]})"
            ) from error
        if "is not implemented" in str(error) and "derivative" in str(error):
            raise error_type(
                "the model has an operation without a derivative; build it from others, or cut it "
                f"off by detach() where it is only looked at (torch says: {error})"
            ) from error
        raise
