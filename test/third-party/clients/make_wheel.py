"""Writes the wheel of a package whose module has one large string. Takes the folder and the version."""

import base64
import os
import sys
import zipfile

folder, version = sys.argv[1:]
stem = f"zoes_package-{version}"
content = base64.b64encode(os.urandom(2 * 1024 * 1024)).decode()
files = {
    "zoes_package.py": f'VERSION = "{version}"\nCONTENT = "{content}"\n',
    f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: zoes-package\nVersion: {version}\nSummary: Größe\n",
    f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = f"{stem}.dist-info/RECORD"
with zipfile.ZipFile(os.path.join(folder, f"{stem}-py3-none-any.whl"), "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
    wheel.writestr(record, "".join(f"{name},,\n" for name in [*files, record]))
