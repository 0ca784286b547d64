"""Microsoft 365 team mailboxes kept in git: read the specs, observe the tenant, plan, judge, apply."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("mailbox-controller")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+source"
