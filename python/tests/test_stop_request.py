"""StopRequest: SIGTERM becomes a flag that the training looks at."""

from __future__ import annotations

import signal
import unittest

from process_support import RunTestCase


class StopRequestTests(RunTestCase):
    def test_a_training_saves_and_leaves_by_itself(self) -> None:
        code = """
            import atexit, sys
            from ai_training_utils.stop_request import StopRequest
            stop = StopRequest()
            assert StopRequest() is stop and not stop
            atexit.register(print, "left in order")
            print("ready", flush=True)
            stop.wait(60)
            print(repr(stop))
            sys.exit(stop.exit_status)
        """
        trainer = self.start(code)
        self.assertEqual(trainer.stdout.readline(), "ready\n")
        trainer.send_signal(signal.SIGTERM)
        stdout, stderr = trainer.communicate(timeout=60)
        self.assertEqual(stdout, "StopRequest(is_requested=True)\nleft in order\n", stderr)
        self.assertEqual(trainer.returncode, 143)

    def test_a_former_handler_is_told_and_copies_are_the_same(self) -> None:
        code = """
            import copy, os, pickle, signal
            from ai_training_utils.stop_request import StopRequest
            signal.signal(signal.SIGTERM, lambda *_: print("former handler"))
            stop = StopRequest()
            assert copy.deepcopy([stop])[0] is stop and pickle.loads(pickle.dumps(stop)) is stop
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.is_requested
        """
        self.assertEqual(self.assert_runs(code)[0], "former handler\n")

    def test_another_thread_cannot_be_the_first(self) -> None:
        code = """
            import threading
            from ai_training_utils.stop_request import StopRequest
            def first():
                try:
                    StopRequest()
                except RuntimeError as error:
                    print(error)
            thread = threading.Thread(target=first)
            thread.start()
            thread.join()
            StopRequest()
        """
        self.assertIn("main thread", self.assert_runs(code)[0])


if __name__ == "__main__":
    unittest.main()
