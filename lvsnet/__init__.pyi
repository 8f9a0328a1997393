from lvsnet.api import Deployed as Deployed
from lvsnet.api import Lab as Lab
from lvsnet.api import NotReachedError as NotReachedError
from lvsnet.api import Running as Running
from lvsnet.api import running as running
from lvsnet.errors import LvsnetError as LvsnetError

__version__: str
