"""What only some need: packages beyond NumPy, each behind an extra of this one."""

from __future__ import annotations

from contextlib import contextmanager

__all__ = ["extra"]


@contextmanager
def extra(name):
    """Imports inside are of what an extra brings; where one is missing, the error says so.

    Examples
    --------
    >>> from stepsize.extras import extra
    >>> with extra("explore"):
    ...     import pencils
    Traceback (most recent call last):
        ...
    ImportError: pencils is not installed: pip install 'stepsize[explore]'
    """
    try:
        yield
    except ImportError as error:
        missing = error.name or str(error)
        raise ImportError(
            f"{missing} is not installed: pip install 'stepsize[{name}]'", name=error.name
        ) from error
