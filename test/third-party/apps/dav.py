"""WsgiDAV: one writable folder, without a password. `mount_path` is how WsgiDAV is told where it is mounted."""

import os

from wsgidav.fs_dav_provider import FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp

app = WsgiDAVApp(
    {
        "provider_mapping": {"/": FilesystemProvider(os.environ["SITE_FOLDER"])},
        "mount_path": os.environ["SITE_PATH"] or None,
        "simple_dc": {"user_mapping": {"*": True}},
        "property_manager": True,
        "lock_storage": True,
        "verbose": 1,
    }
)
