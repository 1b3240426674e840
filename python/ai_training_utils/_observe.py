"""The import hook that the agent puts into a trainer's environment: see docs/observer.md.

Imported at the start of every Python process of a trainer, before anything of the user's, so it
imports nothing but what the interpreter has loaded already, and raises nothing.
"""

import os
import sys

# Imported module -> our module that looks at it. Ours are imported when theirs are there.
_WATCHED = {
    "torch.optim.optimizer": "_optimizer_watch",
    "torch.serialization": "_checkpoint_notes",
    "transformers.trainer_callback": "_loss_huggingface",
    "keras.src.callbacks.callback_list": "_loss_keras",
    "multiprocessing.util": "_end_mark",
}


class ImportHook:
    """A finder that finds what the others find, and calls us once it is imported."""

    def find_spec(self, name, path=None, target=None):
        """Return the other finders' spec, with our call behind the module's execution."""
        ours = _WATCHED.get(name)
        if ours is None:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                _follow(spec.loader, ours)
                return spec
        return None

    def find_distributions(self, context=None):
        """Return the package whose entry point gives Lightning our callback."""
        try:
            from ai_training_utils._entry_point import distributions

            return distributions(context)
        except Exception:
            return []


def _follow(loader, ours):
    try:
        execute = loader.exec_module

        def exec_module(module):
            del loader.exec_module
            execute(module)
            _install(ours, module)

        loader.exec_module = exec_module
    except AttributeError:
        # A loader of another kind: then this module is not looked at.
        pass


def _install(ours, module):
    try:
        package = __import__(f"ai_training_utils.{ours}")
        getattr(package, ours).install(module)
    except Exception as error:
        sys.stderr.write(f"train: the observer does not work here: {error}\n")


def _register_stacks(directory):
    """Let SIGRTMIN+4 write the stacks of all threads to a file, and say that it does.

    Without the file nobody may send the signal: it ends a process that does not expect it.
    """
    import faulthandler
    from _signal import SIGRTMIN

    from ai_training_utils._end_mark import started

    process, number, start = os.getpid(), SIGRTMIN + 4, started()
    path = os.path.join(directory, f"{process}.stacks")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    faulthandler.register(number, file=descriptor, all_threads=True, chain=False)
    text = f'{{"pid": {process}, "start": {start}, "signal": {number}}}\n'
    temporary = os.path.join(directory, f".{process}.json")
    with open(temporary, "w", encoding="ascii") as file:
        file.write(text)
    os.replace(temporary, os.path.join(directory, f"{process}.json"))


def _register_end():
    """Mark the end of this process after whatever the program does at its end."""
    import atexit

    from ai_training_utils._end_mark import mark

    # The first to be registered is called last.
    atexit.register(mark)


def begin():
    """Install hook, signal and mark, where the agent's variables ask for them."""
    if os.environ.get("AI_TRAINING_OBSERVE") != "1":
        return
    sys.meta_path.insert(0, ImportHook())
    directory = os.environ.get("AI_TRAINING_OBSERVER_DIRECTORY")
    if directory and sys.platform == "linux":
        _register_end()
        try:
            _register_stacks(directory)
        except Exception as error:
            # The agent finds no registration then, and sends no signal.
            sys.stderr.write(f"train: no stacks can be shown of this process: {error}\n")


begin()
