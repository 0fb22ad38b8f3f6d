"""The control API: what a test needs around the vendors' APIs."""

from mockserver.control.api import Control

__all__ = ["Control"]
