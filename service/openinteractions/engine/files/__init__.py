"""The use cases of files: uploads, what is made of them, and their end.

A file's row and its bytes are kept apart (`engine.file_ports`). The bytes are durable
before the row says so, and go away after it: nothing half-written is ever a file.
"""

from openinteractions.engine.files.addresses import Addresses
from openinteractions.engine.files.expiry import Expiry
from openinteractions.engine.files.limits import Limits
from openinteractions.engine.files.resource import Files
from openinteractions.engine.files.uploads import Uploads

__all__ = ["Addresses", "Expiry", "Files", "Limits", "Uploads"]
