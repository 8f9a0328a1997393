from lvsnet.api import running as running

__version__: str
