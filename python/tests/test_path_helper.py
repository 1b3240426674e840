"""PathHelper: one object, three directories, from arguments and environment."""

from __future__ import annotations

from process_support import RunTestCase

SHOW = """
    import json, sys
    from ai_training_utils.path_helper import PathHelper
    paths = PathHelper().parse_arguments()
    print(json.dumps({
        "dataset": str(paths.dataset_directory),
        "output": str(paths.output_directory),
        "logs": str(paths.logs_directory),
        "extra": paths.extra_arguments,
        "resumed": paths.is_resumed,
    }))
"""


class PathHelperTests(RunTestCase):
    def shown(self, *arguments: str, **environment: str) -> dict:
        import json

        return json.loads(self.assert_runs(SHOW, *arguments, **environment)[0])

    def test_reads_all_spellings_and_creates_directories(self) -> None:
        shown = self.shown(*self.arguments())
        self.assertEqual(shown["dataset"], str(self.dataset))
        self.assertEqual(shown["output"], str(self.output))
        self.assertEqual(shown["logs"], str(self.logs))
        self.assertTrue(self.output.is_dir())
        self.assertTrue(self.logs.is_dir())

    def test_unknown_arguments_are_kept_in_order(self) -> None:
        shown = self.shown("--epochs", "3", *self.arguments(), "--out", "x", "--help")
        self.assertEqual(shown["extra"], ["--epochs", "3", "--out", "x", "--help"])

    def test_arguments_after_two_dashes_are_the_trainers(self) -> None:
        shown = self.shown(*self.arguments(), "--", "--epochs=3", "--output_directory", "x", "--")
        self.assertEqual(shown["extra"], ["--epochs=3", "--output_directory", "x", "--"])
        self.assertEqual(shown["output"], str(self.output))

    def test_environment_is_the_fallback_and_arguments_win(self) -> None:
        environment = {
            "AI_TRAINING_DATASET_DIRECTORY": str(self.dataset),
            "AI_TRAINING_OUTPUT_DIRECTORY": str(self.root / "from-environment"),
            "AI_TRAINING_LOGS_DIRECTORY": str(self.logs),
        }
        self.assertEqual(self.shown(**environment)["output"], str(self.root / "from-environment"))
        shown = self.shown("--output_directory", "relative/o", **environment)
        self.assertEqual(shown["output"], str(self.root / "relative" / "o"))

    def test_a_missing_directory_is_a_clear_error(self) -> None:
        status, _, stderr = self.run_trainer(SHOW, *self.arguments()[:1])
        self.assertEqual(status, 2)
        self.assertIn("give --output_directory D or set AI_TRAINING_OUTPUT_DIRECTORY", stderr)
        self.assertNotIn("Traceback", stderr)

    def test_an_empty_value_counts_as_missing(self) -> None:
        status, _, stderr = self.run_trainer(SHOW, *self.arguments(), "--output_directory=")
        self.assertEqual(status, 2)
        self.assertIn("no output_directory", stderr)

    def test_a_dataset_that_is_not_there_is_a_clear_error(self) -> None:
        self.dataset.rmdir()
        status, _, stderr = self.run_trainer(SHOW, *self.arguments())
        self.assertEqual(status, 2)
        self.assertIn(f"there is no directory {self.dataset}", stderr)

    def test_a_directory_that_cannot_be_created_is_a_clear_error(self) -> None:
        self.output.write_text("a file")
        status, _, stderr = self.run_trainer(SHOW, *self.arguments())
        self.assertEqual(status, 2)
        self.assertIn(f"cannot create {self.output}", stderr)
        self.assertNotIn("Traceback", stderr)

    def test_an_interactive_python_goes_on_after_an_error(self) -> None:
        code = """
            import sys
            sys.ps1 = ">>> "
            from ai_training_utils.path_helper import PathHelper
            try:
                PathHelper().parse_arguments(["--dataset_directory", "nowhere"])
            except OSError as error:
                print(error)
            try:
                PathHelper().parse_arguments([])
            except ValueError as error:
                print(error)
            print(repr(PathHelper()))
        """
        stdout, _ = self.assert_runs(code)
        lines = stdout.splitlines()
        self.assertIn("nowhere", lines[0])
        self.assertIn("give --dataset_directory D", lines[1])
        self.assertEqual(lines[2], "PathHelper({})")

    def test_is_resumed(self) -> None:
        self.assertFalse(self.shown(*self.arguments())["resumed"])
        first = {"AI_TRAINING_ATTEMPT": "1"}
        self.assertFalse(self.shown(*self.arguments(), **first)["resumed"])
        self.assertTrue(self.shown(*self.arguments(), AI_TRAINING_ATTEMPT="2")["resumed"])
        self.assertTrue(self.shown(*self.arguments(), AI_TRAINING_RESUMED="1")["resumed"])
        self.assertFalse(self.shown(*self.arguments(), AI_TRAINING_ATTEMPT="new")["resumed"])
        (self.output / "checkpoint").write_text("")
        self.assertTrue(self.shown(*self.arguments(), **first)["resumed"])
        # The agent knows it, whatever lies there.
        self.assertFalse(self.shown(*self.arguments(), AI_TRAINING_RESUMED="0")["resumed"])

    def test_is_one_object_and_parses_by_itself(self) -> None:
        code = """
            import os, threading
            from ai_training_utils.path_helper import PathHelper
            seen = []
            threads = [threading.Thread(target=lambda: seen.append(PathHelper())) for _ in "abcd"]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            assert all(helper is PathHelper() for helper in seen) and PathHelper.shared() is seen[0]
            before = PathHelper().logs_directory
            os.chdir("/")
            assert PathHelper().logs_directory == before == PathHelper.shared().logs_directory
            try:
                PathHelper().output_directory
            except ValueError as error:
                print(error)
            PathHelper().parse_arguments(["--dataset_directory", "/", "--output_directory",
                str(before), "--logs_directory", str(before.parent / "other")])
            print(PathHelper().logs_directory)
        """
        stdout, _ = self.assert_runs(code, "--logs_directory", "relative")
        lines = stdout.splitlines()
        self.assertIn("give --output_directory", lines[0])
        self.assertEqual(lines[1], str(self.root / "other"))
