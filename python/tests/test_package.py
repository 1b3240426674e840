"""The package as a whole: Python 3.8, no dependencies, small, importable from anywhere."""

from __future__ import annotations

import ast
import sys
import unittest

from process_support import PACKAGE_ROOT, RunTestCase

SOURCES = sorted(PACKAGE_ROOT.joinpath("ai_training_utils").glob("*.py"))
# Each is imported only by a trainer that uses its framework.
FRAMEWORKS = {
    "huggingface": ("transformers", "torch"),
    "keras": ("keras",),
    # The same package under either name.
    "lightning": ("lightning", "pytorch_lightning"),
}


class PackageTests(RunTestCase):
    def test_the_source_is_python_3_8(self) -> None:
        for path in PACKAGE_ROOT.rglob("*.py"):
            with self.subTest(path.name):
                source = path.read_text()
                ast.parse(source, feature_version=(3, 8))
                self.assertTrue(len(source.splitlines()) <= 300 or path.parent.name == "tests")

    def test_the_agent_can_embed_it(self) -> None:
        # With flattened names; and it is copied to every machine.
        names = [path.name for path in PACKAGE_ROOT.rglob("*.py")]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(names.count("__init__.py"), 1)
        self.assertLess(sum(path.stat().st_size for path in SOURCES), 160 * 1024)

    @unittest.skipUnless(hasattr(sys, "stdlib_module_names"), "this Python has no such list")
    def test_it_imports_the_standard_library_alone(self) -> None:
        allowed = {*sys.stdlib_module_names, "ai_training_utils"}
        for path in SOURCES:
            for node in ast.walk(ast.parse(path.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    self.assertEqual(node.level, 0)
                    names = [node.module]
                for name in names:
                    top = name.split(".")[0]
                    if top in FRAMEWORKS.get(path.stem, ()):
                        continue
                    self.assertIn(top, allowed, path.name)

    def test_all_modules_import_without_side_effects(self) -> None:
        stems = [path.stem for path in SOURCES[1:] if path.stem not in FRAMEWORKS]
        modules = ", ".join(f"ai_training_utils.{stem}" for stem in stems)
        stdout, stderr = self.assert_runs(f"import {modules}", options=("-S", "-W", "error"))
        self.assertEqual((stdout, stderr), ("", ""))
        self.assertEqual([path.name for path in self.root.iterdir()], ["dataset"])
