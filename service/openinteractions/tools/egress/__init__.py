"""The egress door: the only way from this server to an address that a caller names.

`location` reads URLs, `addresses` judges hosts and addresses, `connection` sees to it
that a connection goes to an address that was judged, `body` reads under limits, and
`door` joins them. Nothing outside of this package opens a caller's URL.
"""

from openinteractions.tools.egress.addresses import Addresses
from openinteractions.tools.egress.connection import Resolve
from openinteractions.tools.egress.door import Door

__all__ = ["Addresses", "Door", "Resolve"]
