"""Print, as one JSON object, what the agent must know of the Python that runs this."""

import importlib.util
import json
import platform
import site
import sys
import sysconfig

try:
    from importlib import metadata
except ImportError:  # Python 3.7
    metadata = None


def version_of(package):
    """Return the installed version of a package, or None."""
    try:
        return metadata.version(package) if metadata else None
    except metadata.PackageNotFoundError:
        return None


def packages_of_environment():
    """Return the site directories of the virtual environment that is active, if one is."""
    if sys.prefix == sys.base_prefix:
        return []
    paths = [sysconfig.get_paths()[name] for name in ("purelib", "platlib")]
    return list(dict.fromkeys(path for path in paths if path in site.getsitepackages()))


packages = packages_of_environment()
print(
    json.dumps(
        {
            "executable": sys.executable,
            "version": platform.python_version(),
            "prefix": sys.prefix,
            "packages": packages,
            "path_lines": [f"import site; site.addsitedir({path!a})" for path in packages],
            "site_packages": sysconfig.get_paths()["purelib"],
            "has_pip": importlib.util.find_spec("pip") is not None,
            "has_ensurepip": importlib.util.find_spec("ensurepip") is not None,
            "torch": version_of("torch"),
        }
    )
)
