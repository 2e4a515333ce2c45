"""What happens in a widget's callback or thread is shown where the reader looks: nobody sees a log."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from labs.errors import LabError


def shows_errors(method: Callable) -> Callable:
    """An exception in a widget's callback would vanish: put it into the widget's ``notice``."""

    @wraps(method)
    def wrapper(self, *arguments):
        try:
            return method(self, *arguments)
        except LabError as error:
            self.notice.value = error.html()
        except Exception as error:
            self.notice.value = unexpected(error).html()

    return wrapper


def unexpected(error: Exception) -> LabError:
    """The German form of an error that nobody foresaw."""
    return LabError(
        "Im Widget ist ein Fehler aufgetreten.",
        why=f"{type(error).__name__}: {error}",
        next_step="Führe die Zelle noch einmal aus.",
    )
